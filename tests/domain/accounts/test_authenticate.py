import asyncio
import time

import pytest
from sqlalchemy import Connection, text

from chaguan.accounts import open_accounts
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import users as user_store
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import User, UserKind


def rows(statement: str):
    return lambda connection: connection.execute(text(statement)).all()


async def refusal(coroutine) -> AppError:
    with pytest.raises(AppError) as caught:
        await coroutine
    return caught.value


async def test_a_business_token_makes_the_user_and_device_at_first_sight(accounts, db, make_app, token_for):
    token = token_for(await make_app(), "customer-1", name="张三", avatar="https://a.example/1.png")
    caller = await accounts.authenticator.authenticate(token, "phone", "wechat", "198.51.100.7")
    assert (caller.kind, caller.app_id, caller.device_id, caller.role) == (
        "customer",
        "a_teashop",
        "phone",
        None,
    )
    assert await accounts.directory.users([caller.user_id]) == [
        User(caller.user_id, UserKind.customer, "张三", "https://a.example/1.png")
    ]
    stored = await db.read(rows("SELECT user_id, id, platform, address FROM devices"))
    assert [tuple(row) for row in stored] == [(caller.user_id, "phone", "wechat", "198.51.100.7")]


async def test_the_same_person_is_the_same_user_in_every_token_and_at_once(accounts, db, make_app, token_for):
    secret = await make_app()
    tokens = [token_for(secret, "customer-1", jti=str(n)) for n in range(10)]
    callers = await asyncio.gather(
        *(accounts.authenticator.authenticate(token, f"d{n}") for n, token in enumerate(tokens))
    )
    assert len({caller.user_id for caller in callers}) == 1
    assert len(await db.read(rows("SELECT id FROM users"))) == 1
    assert len(await db.read(rows("SELECT id FROM devices"))) == 10


async def test_a_warm_token_touches_no_database(accounts, db, make_app, token_for):
    token = token_for(await make_app(), "customer-1")
    first = await accounts.authenticator.authenticate(token, "phone")
    before = db.calls
    for _ in range(100):
        assert await accounts.authenticator.authenticate(token, "phone") is first
    assert db.calls == before


async def test_a_renewed_token_on_a_known_device_touches_no_database(
    accounts, db, clock, make_app, token_for
):
    secret = await make_app()
    first = await accounts.authenticator.authenticate(token_for(secret, "customer-1"), "phone")
    before = db.calls
    clock.pass_ms(5_000)
    again = await accounts.authenticator.authenticate(token_for(secret, "customer-1"), "phone")
    assert again.user_id == first.user_id
    assert db.calls == before


async def test_a_changed_profile_is_stored_and_shown(accounts, db, make_app, token_for):
    secret = await make_app()
    caller = await accounts.authenticator.authenticate(token_for(secret, "c", name="Old"), "phone")
    assert (await accounts.directory.get(caller.user_id)).name == "Old"
    await accounts.authenticator.authenticate(token_for(secret, "c", name="新名"), "phone")
    assert (await accounts.directory.get(caller.user_id)).name == "新名"
    await accounts.authenticator.authenticate(token_for(secret, "c"), "other phone")
    assert [row.name for row in await db.read(rows("SELECT name FROM users"))] == ["新名"]


async def test_names_cannot_hide_controls_or_turn_the_text_around(accounts, make_app, token_for):
    token = token_for(await make_app(), "c", name="店主 \u3000 客服")
    caller = await accounts.authenticator.authenticate(token, "phone")
    assert (await accounts.directory.get(caller.user_id)).name == "店主 客服"


async def test_an_apps_secret_signs_for_that_app_alone(accounts, db, make_app, token_for):
    secret = await make_app("a_teashop")
    await make_app("a_other")
    swapped = token_for(secret, "customer-1", "a_other")
    assert (await refusal(accounts.authenticator.authenticate(swapped))).code is ErrorCode.unauthenticated
    assert await db.read(rows("SELECT id FROM users")) == []


async def test_the_same_id_in_two_apps_is_two_people(accounts, make_app, token_for):
    one = token_for(await make_app("a_one"), "customer-1", "a_one")
    two = token_for(await make_app("a_two"), "customer-1", "a_two")
    first = await accounts.authenticator.authenticate(one)
    second = await accounts.authenticator.authenticate(two)
    assert first.user_id != second.user_id


async def test_an_unknown_app_is_refused_like_a_wrong_signature(accounts, make_app, token_for):
    secret = await make_app()
    unknown = await refusal(accounts.authenticator.authenticate(token_for(secret, "c", "a_nothing")))
    await make_app("a_other")
    wrong = await refusal(accounts.authenticator.authenticate(token_for(secret, "c", "a_other")))
    assert (unknown.code, unknown.detail, unknown.data) == (wrong.code, wrong.detail, wrong.data)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "ck_",
        "ck_' OR 1=1 --",
        "ca_",
        "ca_e30.x",
        "cr_x",
        "a.b.c",
        "." * 4096,
        "é" * 4097,
        "\ud800",
        "\x00",
    ],
)
async def test_rubbish_is_unauthenticated_and_costs_no_row(accounts, db, token):
    assert (await refusal(accounts.authenticator.authenticate(token, "d"))).code is ErrorCode.unauthenticated
    assert await db.read(rows("SELECT id FROM devices")) == []


async def test_a_token_of_ten_megabytes_is_refused_at_once(accounts):
    started = time.thread_time()  # what it costs, however busy the machine is
    error = await refusal(accounts.authenticator.authenticate("a" * 10_000_000))
    assert error.code is ErrorCode.unauthenticated
    assert time.thread_time() - started < 0.5


async def test_a_warm_token_ends_with_its_time(accounts, clock, make_app, token_for):
    token = token_for(await make_app(), "c")
    await accounts.authenticator.authenticate(token, "phone")
    clock.pass_ms(3_600_000 + 61_000)
    error = await refusal(accounts.authenticator.authenticate(token, "phone"))
    assert error.data["reason"] == "token_expired"


async def test_a_disabled_users_warm_token_is_refused_at_once_and_the_gateway_told(
    accounts, db, make_app, token_for
):
    told = []
    accounts.authenticator.on_signed_out = lambda *args: told.append(args)
    token = token_for(await make_app(), "c")
    caller = await accounts.authenticator.authenticate(token, "phone")
    await db.write(lambda connection: user_store.set_disabled(connection, caller.user_id, 1))
    accounts.authenticator.sign_out(caller.user_id, None, "disabled")
    error = await refusal(accounts.authenticator.authenticate(token, "phone"))
    assert (error.code, error.data["reason"]) == (ErrorCode.forbidden, "user_disabled")
    assert told == [(caller.user_id, None, "disabled")]


async def test_a_user_disabled_while_their_token_is_read_does_not_slip_in(accounts, db, make_app, token_for):
    token = token_for(await make_app(), "c")
    caller = await accounts.authenticator.authenticate(token, "phone")
    accounts.authenticator.forget(caller.user_id)
    real_read = db.read

    async def read_then_disable(work):
        found = await real_read(work)
        db.read = real_read
        await db.write(lambda connection: user_store.set_disabled(connection, caller.user_id, 1))
        accounts.authenticator.sign_out(caller.user_id, None, "disabled")
        return found

    db.read = read_then_disable
    assert (await refusal(accounts.authenticator.authenticate(token, "phone"))).code is ErrorCode.forbidden


async def test_what_changes_while_two_devices_of_a_user_are_admitted_is_read_once_more_by_each(
    accounts, db, make_app, token_for
):
    """Once, each of the two told the other that it had to read again, for ever."""
    token = token_for(await make_app(), "c")
    caller = await accounts.authenticator.authenticate(token, "phone")
    await accounts.authenticator.authenticate(token, "tablet")
    accounts.authenticator.forget(caller.user_id)
    real_read, reads = db.read, []

    async def read_and_hear_news(work):
        found = await real_read(work)
        reads.append(1)
        if len(reads) == 1:
            accounts.authenticator.unlearn_all()  # as when the link to the other processes breaks
        return found

    db.read = read_and_hear_news
    async with asyncio.timeout(5):
        await asyncio.gather(
            *(accounts.authenticator.authenticate(token, device) for device in ("phone", "tablet"))
        )
    assert len(reads) <= 6


async def test_a_signed_out_device_needs_a_token_signed_later(accounts, db, clock, make_app, token_for):
    secret = await make_app()
    old = token_for(secret, "c")
    caller = await accounts.authenticator.authenticate(old, "phone")

    def revoke(connection: Connection) -> list[str]:
        return device_store.revoke_devices(connection, caller.user_id, clock(), only="phone")

    assert await db.write(revoke) == ["phone"]
    accounts.authenticator.sign_out(caller.user_id, "phone", "revoked")
    assert (await refusal(accounts.authenticator.authenticate(old, "phone"))).data["reason"] == "signed_out"
    assert (await accounts.authenticator.authenticate(old, "tablet")).user_id == caller.user_id
    clock.pass_ms(2_000)
    again = await accounts.authenticator.authenticate(token_for(secret, "c"), "phone")
    assert again.user_id == caller.user_id


async def test_invented_device_ids_cost_a_bounded_number_of_rows(accounts, db, clock, make_app, token_for):
    token = token_for(await make_app(), "c")
    for n in range(device_store.MAX_DEVICES + 10):
        clock.pass_ms(1)
        await accounts.authenticator.authenticate(token, f"device {n}")
    stored = await db.read(rows("SELECT id FROM devices ORDER BY seen_at"))
    assert len(stored) == device_store.MAX_DEVICES
    assert stored[-1].id == f"device {device_store.MAX_DEVICES + 9}"


async def test_a_device_is_written_as_seen_at_most_once_a_minute(accounts, db, clock, make_app, token_for):
    token = token_for(await make_app(), "c")
    await accounts.authenticator.authenticate(token, "phone", "", "192.0.2.1")
    before = db.writes
    for _ in range(30):
        clock.pass_ms(1_000)
        await accounts.authenticator.authenticate(token, "phone", "", "192.0.2.9")
    await accounts.seen.flush()
    assert db.writes == before
    clock.pass_ms(31_000)
    await accounts.authenticator.authenticate(token, "phone", "", "192.0.2.9")
    await accounts.seen.flush()
    assert db.writes == before + 1
    [row] = await db.read(rows("SELECT seen_at, address FROM devices"))
    assert tuple(row) == (clock(), "192.0.2.9")


async def test_more_users_than_one_statement_takes_are_read_in_chunks_and_then_from_memory(accounts, db):
    people = [User(f"u_{n}", UserKind.customer, f"n{n}") for n in range(1_200)]

    def work(connection: Connection) -> None:
        for person in people:
            user_store.insert_user(connection, person, 1)

    await db.write(work)
    ids = [person.id for person in people]
    assert await accounts.directory.users([*ids, "u_none", ids[0]]) == people
    before = db.calls
    assert await accounts.directory.users(ids) == people
    assert accounts.directory.peek("u_5") == people[5]
    assert db.calls == before


async def test_a_profile_changed_while_it_was_read_is_not_covered_by_its_former_state(accounts, db):
    person = User("u_1", UserKind.customer, "Old")
    await db.write(lambda connection: user_store.insert_user(connection, person, 1))
    real_read = db.read

    async def read_then_change(work):
        found = await real_read(work)
        db.read = real_read
        accounts.directory.hold(User("u_1", UserKind.customer, "New"))
        return found

    db.read = read_then_change
    await accounts.directory.users(["u_1"])
    assert (await accounts.directory.get("u_1")).name == "New"


async def test_after_a_restart_everybody_who_returns_at_once_shares_a_few_reads(
    db, vault, clock, accounts, make_app, token_for
):
    secret = await make_app()
    tokens = [token_for(secret, f"c{n}") for n in range(300)]
    before = [await accounts.authenticator.authenticate(token, "phone") for token in tokens]
    restarted = await open_accounts(db, vault, None, clock=clock)
    db.reads = 0
    calls = (restarted.authenticator.authenticate(token, "phone") for token in tokens)
    assert list(await asyncio.gather(*calls)) == before
    assert db.reads < 10


async def test_a_read_that_fails_fails_for_everybody_who_waits_and_for_nobody_after(
    db, accounts, make_app, token_for
):
    secret = await make_app()
    await accounts.authenticator.authenticate(token_for(secret, "c0"))
    real_read = db.read

    async def broken(work):
        db.read = real_read
        raise AppError(ErrorCode.unavailable, "the disk is full", retry_after_ms=1)

    db.read = broken
    tokens = [token_for(secret, f"c{n}") for n in (1, 2)]
    calls = (accounts.authenticator.authenticate(token) for token in tokens)
    failed = await asyncio.gather(*calls, return_exceptions=True)
    assert [error.code for error in failed] == [ErrorCode.unavailable] * 2
    assert (await accounts.authenticator.authenticate(tokens[0])).kind == "customer"
