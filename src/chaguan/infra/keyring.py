"""Master keys: where they come from, how a new one is added while the server runs.

A key file and `CHAGUAN_MASTER_KEY` look the same: base64 keys of 32 bytes, the current one first, older ones after
it so that what they sealed can still be opened. A key's id is a fingerprint of the key, so nobody has to name keys
and a key cannot be filed under a wrong name. This module never looks at data; `sealing` does.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import Protocol

from chaguan.core.errors import AppError, ErrorCode

ENVIRONMENT_NAME = "CHAGUAN_MASTER_KEY"
KEY_BYTES = 32
ID_BYTES = 8

_COMMENT = (
    "# Chaguan master keys: base64 of 32 random bytes each. The first one seals, all of them open.\n"
    "# Without this file nobody can read the stored messages. Keep a copy, and keep it apart from the backups.\n"
)


class MasterKeyError(AppError):
    """No usable master key. The detail says which place was looked at and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.unavailable, detail)


class KeySource(Protocol):
    """A place that master keys come from. `stamp` is cheap and differs once `read` would give something else."""

    name: str

    def stamp(self) -> Hashable: ...

    def read(self) -> list[bytes]: ...


class KeyFile:
    """Keys in a file that only its owner, and perhaps a group, may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"the master key file {path}"

    def stamp(self) -> Hashable:
        try:
            found = self.path.stat()
        except OSError as error:
            raise _unreadable(self, error) from error
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(65_536)
        except OSError as error:
            raise _unreadable(self, error) from error
        if mode & stat.S_IRWXO:
            raise MasterKeyError(
                f"{self.name} is open to every user of this machine (mode {mode:04o}); run chmod 600 on it."
            )
        lines = (line.strip() for line in text.decode("ascii", "replace").splitlines())
        return parse_keys([line for line in lines if line and not line.startswith("#")], self.name)


class KeyVariable:
    """Keys in an environment variable, comma-separated. They change only with a restart."""

    name = f"the environment variable {ENVIRONMENT_NAME}"

    def __init__(self, value: str) -> None:
        self._value = value

    def stamp(self) -> Hashable:
        return None

    def read(self) -> list[bytes]:
        parts = (part.strip() for part in self._value.split(","))
        return parse_keys([part for part in parts if part], self.name)


def choose_source(path: Path, environment_value: str | None, *, may_create: bool) -> KeySource:
    """The environment goes first. `may_create` belongs to a deployment without data: where something is already
    sealed, a fresh key would only hide that the right one is missing."""
    if environment_value:
        return KeyVariable(environment_value)
    if may_create and not path.exists():
        try:
            create_key_file(path)
        except MasterKeyError:
            if not path.exists():  # else another node that starts on the same folder was faster
                raise
    return KeyFile(path)


def create_key_file(path: Path) -> None:
    new = _write_beside(path, [secrets.token_bytes(KEY_BYTES)])
    try:
        # A link, unlike a rename, never replaces a key file that another process made meanwhile.
        path.hardlink_to(new)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        new.unlink()
    _sync_folder(path.parent)


def rotate(path: Path) -> str:
    """Puts a new current key before the others and returns its id. Servers notice at their next wrap or unwrap."""
    key = secrets.token_bytes(KEY_BYTES)
    _replace(path, [key, *KeyFile(path).read()])
    return key_id(key).hex()


def retire_old(path: Path) -> list[str]:
    """Drops all keys but the current one and returns their ids. Whatever they still wrap is lost for good: the caller
    re-wraps everything, and looks once more some seconds later, since a key that a server wrapped just before the
    rotation may reach the database after the first look."""
    current, *old = KeyFile(path).read()
    if old:
        _replace(path, [current])
    return [key_id(key).hex() for key in old]


def key_id(key: bytes) -> bytes:
    return hmac.digest(key, b"chaguan master key id", hashlib.sha256)[:ID_BYTES]


def parse_keys(texts: list[str], where: str) -> list[bytes]:
    if not texts:
        raise MasterKeyError(f"{where} holds no key; it needs the base64 of {KEY_BYTES} random bytes.")
    return [_parse_key(text, where) for text in texts]


def _parse_key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MasterKeyError(f"{where} holds a key that is not base64.") from error
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{where} holds a key of {len(key)} bytes; a master key has {KEY_BYTES}.")
    return key


def _replace(path: Path, keys: list[bytes]) -> None:
    _write_beside(path, keys).replace(path)
    _sync_folder(path.parent)


def _write_beside(path: Path, keys: list[bytes]) -> Path:
    # The exclusive name is also the lock: two rotations at once would lose one of the new keys.
    new = path.with_name(path.name + ".new")
    text = _COMMENT + "".join(base64.b64encode(key).decode() + "\n" for key in keys)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise MasterKeyError(
            f"{new} exists: the master keys are being changed by another process, or a change was interrupted. "
            "If none is running, delete it and try again."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        new.unlink()
        raise _unwritable(path, error) from error
    return new


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(source: KeyFile, error: OSError) -> MasterKeyError:
    if isinstance(error, FileNotFoundError):
        return MasterKeyError(
            f"{source.name} is missing. Put it back from its copy: what it sealed cannot be read without it."
        )
    return MasterKeyError(f"{source.name} cannot be read: {error.strerror}.")


def _unwritable(path: Path, error: OSError) -> MasterKeyError:
    return MasterKeyError(f"The master key file {path} cannot be written: {error.strerror}.")
