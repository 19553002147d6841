"""What the metrics ask PostgreSQL, asked of a real one."""

from chaguan.infra import facts
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.metrics.postgres import PostgresFigures


async def test_a_transaction_that_stays_open_shows_in_the_age_of_xmin(database_url: str) -> None:
    db = PostgresDatabase(database_url)
    held = await db._connect(limit_s=None)
    try:
        transaction = held.transaction(isolation="repeatable_read")
        await transaction.start()
        await held.fetchval("SELECT pg_current_xact_id()")
        before = await age(db)
        for number in range(5):
            await db.write(lambda con, number=number: facts.put(con, "figure", bytes([number])))
        assert await age(db) >= before + 5
        await transaction.rollback()
        assert await age(db) < before + 5
    finally:
        await held.close()
        await db.close()


async def test_a_database_that_is_gone_leaves_the_other_figures_alone() -> None:
    db = PostgresDatabase("postgresql://nobody@127.0.0.1:1/nothing")
    assert await PostgresFigures(db)() == []
    await db.close()


async def age(db: PostgresDatabase) -> float:
    ((name, (sample,)),) = await PostgresFigures(db)()
    assert name == "chaguan_xmin_age_transactions"
    return sample.value
