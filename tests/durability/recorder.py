"""Records what SQLite asks of the disk, in order, through a VFS of its own.

It is made with ctypes on the very library that Python's `sqlite3` has loaded, so it needs no compiler: the default
VFS is copied, and of each file it opens the methods that write, truncate and sync are replaced by ones that note
the call and pass it on. The same place can make writes fail, as on a full disk.
"""

import ctypes as ct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SQLITE_OK, SQLITE_FULL = 0, 13
OPEN_CREATE, OPEN_JOURNAL, OPEN_WAL = 0x4, 0x800, 0x80000

_P, _I, _I64 = ct.c_void_p, ct.c_int, ct.c_int64
_Open = ct.CFUNCTYPE(_I, _P, _P, _P, _I, ct.POINTER(_I))
_Delete = ct.CFUNCTYPE(_I, _P, _P, _I)
_Write = ct.CFUNCTYPE(_I, _P, _P, _I, _I64)
_Truncate = ct.CFUNCTYPE(_I, _P, _I64)
_Sync = ct.CFUNCTYPE(_I, _P, _I)


class _Vfs(ct.Structure):
    """`sqlite3_vfs` (https://sqlite.org/c3ref/vfs.html)."""

    _fields_ = [
        ("version", _I),
        ("file_size", _I),
        ("longest_path", _I),
        ("next", _P),
        ("name", ct.c_char_p),
        ("app_data", _P),
        ("open", _P),
        ("delete", _P),
        ("others", _P * 14),
    ]


class _Methods(ct.Structure):
    """`sqlite3_io_methods` (https://sqlite.org/c3ref/io_methods.html)."""

    _fields_ = [
        ("version", _I),
        ("close", _P),
        ("read", _P),
        ("write", _P),
        ("truncate", _P),
        ("sync", _P),
        ("others", _P * 13),
    ]


class Operation(NamedTuple):
    """`kind` is write, truncate, sync, sync_folder or delete."""

    kind: str
    file: str
    offset: int = 0
    data: bytes = b""


class Recorder:
    """What happened to the files of one folder. `is_full` lets every write fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.operations: list[Operation] = []
        self.is_full = False

    def note(self, kind: str, file: str, offset: int = 0, data: bytes = b"") -> None:
        self.operations.append(Operation(kind, file, offset, data))


class _Shim:
    """The VFS itself. It is registered once and never freed: connections may outlive a recording."""

    def __init__(self) -> None:
        self._library = _library()
        self._library.sqlite3_vfs_find.restype = ct.POINTER(_Vfs)
        self._library.sqlite3_vfs_register.argtypes = [_P, _I]
        self._original = self._library.sqlite3_vfs_find(None)
        self.recorder: Recorder | None = None
        self._files: dict[int, tuple[Recorder, str]] = {}
        self._new_journals: set[int] = set()
        self._tables: dict[int, _Methods] = {}
        vfs = _Vfs()
        ct.memmove(ct.byref(vfs), self._original, ct.sizeof(vfs))
        vfs.next, vfs.name = None, b"chaguan-recorder"
        self._callbacks = [_Open(self._open), _Delete(self._delete)]
        vfs.open, vfs.delete = (ct.cast(each, _P).value for each in self._callbacks)
        self._vfs = vfs
        self._real_open = _Open(self._original.contents.open)
        self._real_delete = _Delete(self._original.contents.delete)

    def use(self, recorder: Recorder | None) -> None:
        self.recorder = recorder
        chosen = self._original if recorder is None else ct.byref(self._vfs)
        self._library.sqlite3_vfs_register(chosen, 1)

    def _open(self, _vfs: int, name: int, file: int, flags: int, out: "ct._Pointer[ct.c_int]") -> int:
        result = self._real_open(ct.addressof(self._original.contents), name, file, flags, out)
        recorder = self.recorder
        if result != SQLITE_OK or recorder is None or not name:
            return result
        path = Path(ct.string_at(name).decode())
        if path.parent == recorder.folder:
            self._files[file] = (recorder, path.name)
            if flags & OPEN_CREATE and flags & (OPEN_WAL | OPEN_JOURNAL):
                self._new_journals.add(file)
            at = ct.cast(file, ct.POINTER(_P))
            at[0] = ct.addressof(self._table(at[0]))
        return result

    def _delete(self, _vfs: int, name: int, sync_folder: int) -> int:
        result = self._real_delete(ct.addressof(self._original.contents), name, sync_folder)
        recorder = self.recorder
        path = Path(ct.string_at(name).decode())
        if result == SQLITE_OK and recorder is not None and path.parent == recorder.folder:
            recorder.note("delete", path.name)
            if sync_folder:
                recorder.note("sync_folder", "")
        return result

    def _table(self, original: int) -> _Methods:
        known = self._tables.get(original)
        if known is not None:
            return known
        table = _Methods()
        ct.memmove(ct.byref(table), original, ct.sizeof(table))
        write, truncate, sync = _Write(table.write), _Truncate(table.truncate), _Sync(table.sync)

        def on_write(file: int, data: int, size: int, offset: int) -> int:
            recorder, name = self._files[file]
            if recorder.is_full:
                return SQLITE_FULL
            recorder.note("write", name, offset, ct.string_at(data, size))
            return write(file, data, size, offset)

        def on_truncate(file: int, size: int) -> int:
            recorder, name = self._files[file]
            recorder.note("truncate", name, size)
            return truncate(file, size)

        def on_sync(file: int, flags: int) -> int:
            recorder, name = self._files[file]
            result = sync(file, flags)
            if result == SQLITE_OK:
                recorder.note("sync", name)
                # The Unix VFS syncs the folder too, the first time it syncs a journal or log that it made.
                if file in self._new_journals:
                    self._new_journals.discard(file)
                    recorder.note("sync_folder", "")
            return result

        callbacks = [_Write(on_write), _Truncate(on_truncate), _Sync(on_sync)]
        table.write, table.truncate, table.sync = (ct.cast(each, _P).value for each in callbacks)
        self._callbacks += [*callbacks, write, truncate, sync]
        self._tables[original] = self._tables[ct.addressof(table)] = table
        return table


def _library() -> ct.CDLL:
    """The SQLite that `sqlite3` uses, and no other copy: looked up in the extension module and what it loaded."""
    import _sqlite3

    for name in (getattr(_sqlite3, "__file__", None), None):
        library = ct.CDLL(name)
        if hasattr(library, "sqlite3_vfs_register"):
            return library
    raise RuntimeError(
        f"{_sqlite3!r} hides SQLite's C functions, so its writes can't be recorded; run these tests with a Python "
        "whose sqlite3 module is linked to a shared libsqlite3 (Debian's, pyenv's, Homebrew's)."
    )


_shim: list[_Shim] = []


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """Record every database that is opened in `folder` meanwhile."""
    if not _shim:
        _shim.append(_Shim())
    recorder = Recorder(folder)
    _shim[0].use(recorder)
    try:
        yield recorder
    finally:
        _shim[0].use(None)
