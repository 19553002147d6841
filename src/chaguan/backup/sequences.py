"""Where the numbers that PostgreSQL gives out go on after rows came from elsewhere."""

import asyncpg

from chaguan.infra.database import metadata


async def set_sequences(connection: asyncpg.Connection) -> None:
    """Beyond all that was given out: also what a consumer has read up to, should those rows have gone since."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", table.name, column.name)
        if sequence is None:
            continue
        beyond = "(SELECT max(position) FROM consumers)" if table.name == "entries" else "0"
        await connection.execute(
            f'SELECT setval($1::text::regclass, greatest((SELECT max("{column.name}") FROM "{table.name}"), {beyond}, 1))',  # noqa: S608
            sequence,
        )
