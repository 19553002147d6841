"""Whether a PostgreSQL server will do, before anything is written to it, and what may still be regretted."""

from typing import NamedTuple

from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError
from chaguan.infra.database.postgres import STATEMENT_MS, PostgresDatabase

OLDEST = 15


class Survey(NamedTuple):
    version: int
    encoding: str
    is_standby: bool
    may_create: bool
    statement_timeout_ms: int
    synchronous_commit: str


class Ward(NamedTuple):
    """What guards what was committed against a machine that dies."""

    fsync: bool
    full_page_writes: bool
    max_connections: int
    standbys: int
    """That follow this server now."""
    waited_for: str
    """`synchronous_standby_names`."""
    old_collation: bool


_LOOK = text(
    "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), "
    "pg_is_in_recovery(), has_schema_privilege(current_schema(), 'CREATE'), "
    "(SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'), current_setting('synchronous_commit')"
)
_WARD = text(
    "SELECT current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean, "
    "current_setting('max_connections')::int, "
    # A backup reads the log of changes too, and follows nothing.
    "(SELECT count(*) FROM pg_stat_replication WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal')), "
    "current_setting('synchronous_standby_names'), "
    "(SELECT coalesce(datcollversion <> pg_database_collation_actual_version(oid), false) FROM pg_database "
    "WHERE datname = current_database())"
)


def look(connection: Connection) -> Survey:
    return Survey(*connection.execute(_LOOK).one())


def look_at_ward(connection: Connection) -> Ward:
    return Ward(*connection.execute(_WARD).one())


async def refuse_unsuitable(db: PostgresDatabase) -> None:
    """`ConfigError` says in a sentence what to change."""
    try:
        found = await db.read(look)
    except AppError as error:
        if "startup parameter" in error.detail:
            raise ConfigError(_pooler(db.where)) from error
        raise ConfigError(
            f"The database {db.where} can't be reached ({error.detail.removeprefix('database: ')}); "
            "check database_url, and that PostgreSQL runs there."
        ) from error
    refusal = _refusal(found)
    if refusal:
        raise ConfigError(f"The database {db.where} {refusal}.")
    if found.statement_timeout_ms != STATEMENT_MS or found.synchronous_commit != "on":
        raise ConfigError(_pooler(db.where))


def _refusal(found: Survey) -> str:
    if found.version < OLDEST:
        return f"is PostgreSQL {found.version}; Chaguan needs {OLDEST} or newer"
    if found.encoding != "UTF8":
        return f"is encoded in {found.encoding}; create it with ENCODING 'UTF8'"
    if found.is_standby:
        return (
            "is a standby and takes no writes; name the primary in database_url, "
            "or all of them with ?target_session_attrs=read-write"
        )
    if not found.may_create:
        return "lets this user create no tables; make it the owner of the database"
    return ""


def _pooler(where: str) -> str:
    """Its transactions would reach sessions in which somebody else has switched waiting for the disk off."""
    return (
        f"The database {where} is reached through a pooler, such as PgBouncer, that does not keep a connection's "
        "settings; name PostgreSQL itself in database_url, each process keeps a small pool of its own."
    )


async def warnings(db: PostgresDatabase) -> list[str]:
    """What works and may still be regretted: fact; advice."""
    return [told for told in _regrets(await db.read(look_at_ward), may_fail_over=db.may_fail_over) if told]


def _regrets(found: Ward, *, may_fail_over: bool) -> list[str]:
    told = []
    if not (found.fsync and found.full_page_writes):
        told.append(
            "PostgreSQL runs without fsync or full_page_writes; switch them on, a power cut loses messages without"
        )
    if found.max_connections < 50:
        told.append(
            f"PostgreSQL takes {found.max_connections} connections; each process holds up to 17, raise max_connections"
        )
    if found.standbys and not found.waited_for:
        told.append(_asynchronous(found.standbys, may_fail_over=may_fail_over))
    if found.waited_for and not found.standbys:
        told.append(
            "PostgreSQL waits for a standby and none follows it, so no message can be sent; "
            "start the standby, or take its name out of synchronous_standby_names"
        )
    if found.old_collation:
        told.append(
            "The machine sorts texts otherwise than when the database was made; "
            "run REINDEX DATABASE and ALTER DATABASE … REFRESH COLLATION VERSION"
        )
    return told


def _asynchronous(standbys: int, *, may_fail_over: bool) -> str:
    them = "a standby follows" if standbys == 1 else f"{standbys} standbys follow"
    if may_fail_over:
        return (
            f"database_url names several servers and {them} without being waited for: promoted, it lacks the last "
            "messages that were acknowledged; set synchronous_standby_names in PostgreSQL, or promote by hand only"
        )
    return (
        f"{them[0].upper()}{them[1:]} PostgreSQL without being waited for: promoted, it lacks the last messages that "
        "were acknowledged; set synchronous_standby_names before anything promotes it by itself"
    )


def is_archiving(connection: Connection) -> bool:
    """Whether the server keeps its write-ahead log somewhere else, too."""
    return bool(connection.execute(text("SELECT current_setting('archive_mode') <> 'off'")).scalar())
