"""Whether a PostgreSQL server will do, before anything is written to it."""

from typing import NamedTuple

from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError
from chaguan.infra.database.port import Database
from chaguan.infra.database.postgres import PostgresDatabase

OLDEST = 15


class Survey(NamedTuple):
    version: int
    encoding: str
    is_standby: bool
    may_create: bool
    fsync: bool
    full_page_writes: bool
    max_connections: int


_LOOK = text(
    "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), "
    "pg_is_in_recovery(), has_schema_privilege(current_schema(), 'CREATE'), current_setting('fsync')::boolean, "
    "current_setting('full_page_writes')::boolean, current_setting('max_connections')::int"
)


def look(connection: Connection) -> Survey:
    return Survey(*connection.execute(_LOOK).one())


async def refuse_unsuitable(db: PostgresDatabase) -> None:
    """`ConfigError` says in a sentence what to change."""
    try:
        found = await db.read(look)
    except AppError as error:
        raise ConfigError(
            f"The database {db.where} can't be reached ({error.detail.removeprefix('database: ')}); "
            "check database_url, and that PostgreSQL runs there."
        ) from error
    if found.version < OLDEST:
        raise ConfigError(
            f"The database {db.where} is PostgreSQL {found.version}; Chaguan needs {OLDEST} or newer."
        )
    if found.encoding != "UTF8":
        raise ConfigError(
            f"The database {db.where} is encoded in {found.encoding}; create it with ENCODING 'UTF8'."
        )
    if found.is_standby:
        raise ConfigError(
            f"The database {db.where} is a standby and takes no writes; name the primary in database_url, "
            "or all of them with ?target_session_attrs=read-write."
        )
    if not found.may_create:
        raise ConfigError(
            f"The database {db.where} lets this user create no tables; make it the owner of the database."
        )


async def warnings(db: Database) -> list[str]:
    """What works and may still be regretted: fact; advice."""
    found = await db.read(look)
    told = []
    if not (found.fsync and found.full_page_writes):
        told.append(
            "PostgreSQL runs without fsync or full_page_writes; switch them on, a power cut loses messages without"
        )
    if found.max_connections < 50:
        told.append(
            f"PostgreSQL takes {found.max_connections} connections; each process holds up to 16, raise max_connections"
        )
    return told
