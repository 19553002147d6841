"""Single facts of a deployment that must never change by themselves: the log's epoch, the wrapped root secret."""

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, inspect, text

from chaguan.infra.database import metadata

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)


def find(connection: Connection, name: str) -> bytes | None:
    row = connection.execute(text("SELECT value FROM meta WHERE name = :n"), {"n": name}).fetchone()
    return bytes(row[0]) if row else None


def find_early(connection: Connection, name: str) -> bytes | None:
    """The same, where there may be no table yet."""
    return find(connection, name) if inspect(connection).has_table(meta.name) else None


def ensure(connection: Connection, name: str, first: bytes) -> bytes:
    """The fact, which is `first` from the first asking on."""
    found = find(connection, name)
    if found is None:
        found = first
        put(connection, name, found)
    return found


def put(connection: Connection, name: str, value: bytes) -> None:
    connection.execute(
        text(
            "INSERT INTO meta (name, value) VALUES (:n, :v) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"n": name, "v": value},
    )
