"""Backups of PostgreSQL that somebody changed, cut short or made up: each is refused, and nothing is restored."""

import hashlib
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chaguan.core.settings import ConfigError
from tests.domain.backup.conftest import House, put_back, taken

Change = Callable[[Path], None]


def _flip(name: str) -> Change:
    def change(backup: Path) -> None:
        data = bytearray((backup / name).read_bytes())
        data[len(data) // 2] ^= 1
        (backup / name).write_bytes(data)

    return change


def _forge(what: str, change: Callable[[Any], Any]) -> Change:
    """Changes the index of tables or the manifest, with checksums that fit again."""

    def forged(backup: Path) -> None:
        manifest = json.loads((backup / "manifest.json").read_text())
        if what == "manifest":
            change(manifest)
        else:
            lines = [json.loads(line) for line in (backup / "tables.jsonl").read_text().splitlines()]
            change({line["name"]: line for line in lines})
            data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            (backup / "tables.jsonl").write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            manifest["database"] = {"name": "tables.jsonl", "size": len(data), "sha256": digest}
            manifest["rows"] = {line["name"]: line["rows"] for line in lines}
        (backup / "manifest.json").write_text(json.dumps(manifest))

    return forged


def _cut_meta(tables: dict[str, Any]) -> None:
    tables["meta"]["parts"] = []


def _more_rows(tables: dict[str, Any]) -> None:
    tables["users"]["rows"] += 1


ATTACKS: dict[str, tuple[Change, str]] = {
    "a changed byte of a table": (_flip("tables/media/000001.copy"), "damaged"),
    "a changed byte of the index": (_flip("tables.jsonl"), "damaged"),
    "a changed byte of the list of blobs": (_flip("blobs.jsonl"), "damaged"),
    "a table that is missing": (lambda at: (at / "tables/media/000001.copy").unlink(), "is missing"),
    "no manifest": (lambda at: (at / "manifest.json").unlink(), "not a whole backup"),
    "a manifest of something else": (
        lambda at: (at / "manifest.json").write_text('{"backup": "theirs"}') and None,
        "not a whole backup",
    ),
    "another engine": (_forge("manifest", lambda it: it.update(engine="oracle")), "oracle"),
    "a newer schema": (_forge("manifest", lambda it: it.update(revision="9999")), "newer Chaguan"),
    "a schema nobody had": (_forge("manifest", lambda it: it.update(revision="0001; x")), "no version had"),
    "a newer form": (
        _forge("manifest", lambda it: it.update(format=2, chaguan="9.0")),
        "made by Chaguan 9.0",
    ),
    "rows that are not there": (_forge("manifest", lambda it: it["rows"].update(users=7)), "rows"),
    "a table that says more rows than it has": (_forge("tables", _more_rows), "does not hold"),
    "a path out of the backup": (
        _forge("tables", lambda it: it["media"]["parts"][0].update(name="../../../etc/passwd")),
        "it names",
    ),
    "an absolute path": (
        _forge("tables", lambda it: it["media"]["parts"][0].update(name="/etc/passwd")),
        "it names",
    ),
    "an index elsewhere": (
        _forge("manifest", lambda it: it["database"].update(name="../other/tables.jsonl")),
        "it names",
    ),
    "a table's name that is a statement": (
        _forge("tables", lambda it: it["users"].update(name='users"; DROP TABLE meta; --')),
        "names",
    ),
    "a column's name that is a statement": (
        _forge("tables", lambda it: it["users"]["columns"][0].__setitem__(0, "id\") FROM PROGRAM 'x")),
        "names",
    ),
    "a table of the system": (
        _forge("tables", lambda it: it["users"].update(name="pg_authid")),
        "not the one of the schema",
    ),
    "a column of another type": (
        _forge("tables", lambda it: it["users"]["columns"][0].__setitem__(1, "bytea")),
        "not the one of the schema",
    ),
    "a stream that ends too early": (_forge("tables", _cut_meta), "too early"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_backup_that_was_tampered_with_is_refused_and_nothing_is_restored(
    town: House, tmp_path: Path, empty: str, attack: str
) -> None:
    await town.store(b"%PDF a bill")
    await taken(town, tmp_path / "backup")
    change, says = ATTACKS[attack]
    change(tmp_path / "backup")
    with pytest.raises(ConfigError, match=says) as refusal:
        await put_back(tmp_path / "backup", tmp_path / "new", empty)
    assert len(str(refusal.value).splitlines()) == 1
    assert {path.name for path in (tmp_path / "new").glob("*")} <= {"lock"}
    connection = await asyncpg.connect(empty)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


async def test_a_truncated_archive_is_refused_wherever_it_ends(
    town: House, tmp_path: Path, empty: str
) -> None:
    await town.store(b"%PDF a bill")
    await taken(town, tmp_path / "backup.tar")
    data = (tmp_path / "backup.tar").read_bytes()
    with tarfile.open(tmp_path / "backup.tar") as tar:
        ends = [0, 1, *(member.offset_data + member.size // 2 for member in tar if member.size)]
    for end in ends:
        (tmp_path / "cut.tar").write_bytes(data[:end])
        with pytest.raises(ConfigError, match="not a"):
            await put_back(tmp_path / "cut.tar", tmp_path / "new", empty)
        assert {path.name for path in (tmp_path / "new").glob("*")} <= {"lock"}
