"""The commands backup, restore, blobs copy and db: their options, and what they tell a person."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

from chaguan.core.settings import ConfigError, Settings

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
SettingsOf = Callable[[argparse.Namespace], Settings]
Configured = Callable[[argparse.ArgumentParser], None]

_NO_KEY = """
  The master key is NOT in this backup, and without it nobody can read it.
  Keep a copy of the key in another place. It is the key {key_id}.
"""
_WITH_KEY = """
  This backup CONTAINS the master key: whoever holds this backup reads every message.
  Lock it away, or make one without --with-key.
"""


def add_commands(commands: Commands, configured: Configured, settings_of: SettingsOf) -> None:
    _add_backup(commands, configured, settings_of)
    _add_restore(commands, configured, settings_of)
    _add_blobs(commands, configured, settings_of)
    _add_db(commands, configured, settings_of)


def _add_backup(commands: Commands, configured: Configured, settings_of: SettingsOf) -> None:
    parser = commands.add_parser(
        "backup", help="copy database and files as of one moment, also while serving"
    )
    configured(parser)
    parser.add_argument("target", type=Path, metavar="FOLDER|FILE.tar", help="where to; a new name")
    parser.add_argument("--with-key", action="store_true", help="put the master key into the backup as well")
    parser.set_defaults(run=lambda options: _back_up(settings_of(options), options))


def _back_up(settings: Settings, options: argparse.Namespace) -> int:
    from chaguan.backup.making import back_up
    from chaguan.backup.progress import in_bytes

    done = back_up(settings, options.target, with_key=options.with_key, say=print)
    manifest = done.manifest
    print(
        f"Backup of {_time(manifest.taken_at)} in {options.target}: {manifest.rows.get('entries', 0)} entries, "
        f"{manifest.blobs} blobs, {in_bytes(manifest.database_size + manifest.blob_bytes)}."
    )
    print(_WITH_KEY if options.with_key else _NO_KEY.format(key_id=done.key_id))
    _tell_missing(manifest.missing)
    return 1 if manifest.missing else 0


def _add_restore(commands: Commands, configured: Configured, settings_of: SettingsOf) -> None:
    parser = commands.add_parser("restore", help="make a deployment from a backup, whole or not at all")
    configured(parser)
    parser.add_argument("source", type=Path, metavar="FOLDER|FILE.tar")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="the master key, if it is not in place already"
    )
    parser.add_argument(
        "--replace", action="store_true", help="put aside what the data folder holds, rather than refuse"
    )
    parser.set_defaults(run=lambda options: _restore(settings_of(options), options))


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from chaguan.backup.restoring import restore

    done = restore(settings, options.source, replace=options.replace, key_file=options.key, say=print)
    manifest = done.manifest
    print(
        f"Restored into {done.where} as of {_time(manifest.taken_at)}: {manifest.rows.get('entries', 0)} entries, "
        f"{manifest.blobs} blobs. The log's epoch is now {done.epoch}: clients load anew and keep what they have "
        "not sent yet."
    )
    if done.key_path is not None:
        print(f"The master key was put at {done.key_path}.")
    if done.replaced is not None:
        print(f"What was there before is in {done.replaced}; delete it once all is well.")
    _tell_missing(manifest.missing)
    return 0


def _add_blobs(commands: Commands, configured: Configured, settings_of: SettingsOf) -> None:
    parser = commands.add_parser("blobs", help="where pictures, voice and files are kept")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    copy = actions.add_parser("copy", help="copy all to another place and compare them, also while serving")
    configured(copy)
    where = "FOLDER|s3://BUCKET/PREFIX"
    copy.add_argument("--from", dest="source", default="", metavar=where, help="default: where they are now")
    copy.add_argument("--to", dest="target", required=True, metavar=where)
    copy.set_defaults(run=lambda options: _copy(settings_of(options), options))


def _copy(settings: Settings, options: argparse.Namespace) -> int:
    from chaguan.backup.copying import copy_blobs, place_of
    from chaguan.backup.progress import in_bytes

    source, target = place_of(settings, options.source), place_of(settings, options.target)
    done = copy_blobs(settings, source, target, print)
    print(
        f"{done.blobs} blobs ({in_bytes(done.bytes)}) copied to {target.url} and compared; all are there now."
    )
    if done.removed:
        print(f"{done.removed} that had been deleted since an earlier copy were deleted there too.")
    print(
        f"To switch: set blobs_url to the new place, restart, then run once more with --from {source.url} "
        f"--to {target.url} for what was uploaded in between."
    )
    return 0


def _add_db(commands: Commands, configured: Configured, settings_of: SettingsOf) -> None:
    parser = commands.add_parser("db", help="move a deployment from SQLite to PostgreSQL")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    copy = actions.add_parser("copy", help="copy all and compare every row, also while serving, then switch")
    check = actions.add_parser("check", help="compare every row again, before anything serves from there")
    for action in (copy, check):
        configured(action)
        action.add_argument(
            "--to", metavar="postgresql://…", help="an empty database (default: database_url of the settings)"
        )
    copy.add_argument(
        "--wait", type=float, default=3600, metavar="SECONDS", help="how long for the server to be stopped"
    )
    copy.set_defaults(run=lambda options: _copy_database(settings_of(options), options))
    check.set_defaults(run=lambda options: _check_database(settings_of(options), options))


def _target_of(settings: Settings, options: argparse.Namespace) -> str:
    url: str = options.to or settings.database_url
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("Name the database to copy to: --to postgresql://user@host/name.")
    return url


def _copy_database(settings: Settings, options: argparse.Namespace) -> int:
    from chaguan.backup.moving import copy_database
    from chaguan.backup.progress import in_bytes

    url = _target_of(settings, options)
    done = copy_database(settings, url, say=partial(print, flush=True), wait_s=options.wait)
    if done.is_old_news:
        print(f"This deployment was moved to {done.where} before; there is nothing left to do.")
        return 0
    print(
        f"Moved to {done.where}: {sum(done.rows.values())} rows in {len(done.rows)} tables "
        f"({done.rows.get('entries', 0)} entries), each compared on both sides; the files of {done.blobs} uploads "
        f"({in_bytes(done.blob_bytes)}) read to their end."
    )
    print(
        f"The log's epoch is now {done.epoch}: clients load anew and keep what they have not sent yet.\n"
        f"To go on: set database_url, keep the data folder {settings.data} (master key, files), and start."
    )
    for problem in done.bad_blobs:
        print(f"! {problem}: it was so before, and a message uses it.")
    return 1 if done.bad_blobs else 0


def _check_database(settings: Settings, options: argparse.Namespace) -> int:
    from chaguan.backup.moving import compare_databases

    found = compare_databases(settings, _target_of(settings, options))
    for each in found:
        same = "the same" if each.is_same else "DIFFERS"
        print(f"{each.table:20} {each.here.rows:>10} rows  {each.here.checksum}  {same}")
        if not each.is_same:
            print(
                f"! {each.table}: {each.lacking} rows lack, {each.different} differ, {each.surplus} are too many; "
                f"the first: {', '.join(each.named)}"
            )
    return 0 if all(each.is_same for each in found) else 1


def _tell_missing(missing: list[str]) -> None:
    if missing:
        print(
            f"! {len(missing)} blobs that messages name were missing in the store, the first is {missing[0]}."
        )


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
