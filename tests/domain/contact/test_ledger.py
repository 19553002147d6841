"""What is stored of pushes and of answers, on both databases, also when two nodes work at once."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection

from chaguan.contact import store
from chaguan.contact.outbox import _claim
from chaguan.contact.rules import Contact, Spent

NOW = 1_790_000_000_000
LEASE = 60_000
ROOM = "s_room"


@pytest.fixture
async def nodes(open_database):
    """Two processes on PostgreSQL; the one that there can be on SQLite."""
    first = open_database()
    dbs = [first] if first.dialect == "sqlite" else [first, open_database()]
    yield dbs * 2 if len(dbs) == 1 else dbs
    for db in dbs:
        await db.close()


def contact(**changes) -> Contact:
    made = Contact(ROOM, "a_1", "o1", "u_1", "s_shop", 1, 1, 0, NOW, 0)
    return made._replace(**changes)


def push(key: str, proof: str = "", openid: str = "o1", app_id: str = "a_1", at: int = NOW):
    return partial(
        store.keep_push,
        app_id=app_id,
        key=key,
        proof=proof or f"p-{key}-{app_id}",
        openid=openid,
        body=b"sealed",
        at=at,
    )


async def test_a_push_that_comes_again_is_kept_once_at_whichever_node(nodes):
    many = [node.write(push("m:1", f"proof {nth}")) for nth, node in enumerate(nodes * 5)]
    kept = await asyncio.gather(*many)
    assert sorted(kept) == ["new"] + ["same"] * 9
    assert await nodes[0].write(push("m:1", app_id="a_2")) == "new"


async def test_a_signature_is_good_for_one_push(nodes):
    assert await nodes[0].write(push("m:1", "signature")) == "new"
    assert await nodes[1].write(push("m:2", "signature")) == "used"
    assert await nodes[1].write(push("m:1", "signature")) == "same"
    assert await nodes[1].write(push("m:2", "signature", app_id="a_2")) == "new"


async def test_what_one_customer_says_is_worked_through_in_order_and_each_push_once(nodes):
    for nth in range(6):
        await nodes[0].write(push(f"m:{nth}", openid=f"o{nth % 2}"))
    claims = [node.write(partial(store.claim_pushes, now=NOW, until=NOW + LEASE, limit=9)) for node in nodes]
    claimed = [row for rows in await asyncio.gather(*claims) for row in rows]
    assert [row.key for row in sorted(claimed)] == ["m:0", "m:1"]  # each customer's first
    await nodes[0].write(partial(store.settle_push, push_id=claimed[0].id))
    again = await nodes[1].write(partial(store.claim_pushes, now=NOW, until=NOW + LEASE, limit=9))
    assert [row.openid for row in again] == [claimed[0].openid]


async def test_one_that_waits_for_its_next_attempt_keeps_no_other_back(nodes):
    await nodes[0].write(push("m:1"))
    await nodes[0].write(push("m:2"))
    claim = partial(store.claim_pushes, now=NOW, until=NOW + LEASE, limit=9)
    (first,) = await nodes[0].write(claim)
    await nodes[0].write(partial(store.defer_push, push_id=first.id, due_at=NOW + 10_000))
    assert [row.key for row in await nodes[0].write(claim)] == ["m:2"]


async def test_what_a_process_left_when_it_died_another_takes_after_the_lease(nodes):
    await nodes[0].write(push("m:1"))
    claim = partial(store.claim_pushes, now=NOW, until=NOW + LEASE, limit=9)
    assert len(await nodes[0].write(claim)) == 1
    assert await nodes[1].write(claim) == []
    (again,) = await nodes[1].write(partial(claim, now=NOW + LEASE))
    assert again.attempts == 2


async def test_pushes_are_forgotten_when_nobody_could_repeat_them_any_more(nodes):
    await nodes[0].write(push("m:1", at=NOW - 10))
    await nodes[0].write(push("m:2", at=NOW - 10))
    (row,) = await nodes[0].write(partial(store.claim_pushes, now=NOW, until=NOW + LEASE, limit=1))
    await nodes[0].write(partial(store.settle_push, push_id=row.id))
    assert await nodes[0].write(partial(store.drop_old_pushes, before=NOW, limit=10)) == 1
    assert await nodes[0].write(push("m:2")) == "same"  # it still waits


async def prepared(node, messages: int, **changes) -> None:
    def write(connection: Connection) -> None:
        store.put_sign(connection, contact(**changes))
        for seq in range(2, 2 + messages):
            store.add_delivery(connection, ROOM, seq, NOW)

    await node.write(write)


async def settle(node, delivery, refund: bool = False, due_at: int | None = None, at: int = NOW) -> bool:
    state = "sent" if due_at is None else "waiting"
    work = partial(store.settle, delivery=delivery._replace(state=state, at=at), due_at=due_at, refund=refund)
    return await node.write(work)


async def test_two_nodes_together_never_spend_more_than_there_is(nodes):
    await prepared(nodes[0], 12)
    sent: list[int] = []

    async def work(node) -> None:
        for _ in range(12):
            claimed, _ = await node.write(partial(_claim, now=NOW, limit=5))
            for delivery, _ in claimed:
                sent.append(delivery.seq)
                await settle(node, delivery)

    await asyncio.gather(*(work(node) for node in nodes))
    assert sorted(sent) == [2, 3, 4, 5, 6]
    left = await nodes[0].read(partial(store.latest, conversation_id=ROOM, limit=50))
    assert [each.state for each in left] == ["sent"] * 5 + ["not_sent"] * 7
    assert {each.reason for each in left[5:]} == {"over_quota"}
    assert await nodes[0].read(partial(store.spent, contact=contact())) == Spent(5, 5)


async def test_an_attempt_that_is_under_way_counts_and_one_that_was_refused_does_not(nodes):
    await prepared(nodes[0], 2)
    ((delivery, _),), _ = await nodes[0].write(partial(_claim, now=NOW, limit=5))
    newer = contact(said_at=NOW + 60_000)
    assert await nodes[0].read(partial(store.spent, contact=newer)) == Spent(1, 1)
    assert await settle(nodes[0], delivery, refund=True, due_at=NOW + 1)
    assert await nodes[0].read(partial(store.spent, contact=contact())) == Spent(0, 0)


async def test_what_goes_out_after_the_customers_next_message_counts_against_that(nodes):
    await prepared(nodes[0], 1)
    ((delivery, _),), _ = await nodes[0].write(partial(_claim, now=NOW, limit=5))
    await settle(nodes[0], delivery, at=NOW + 3_000)
    assert (await nodes[0].read(partial(store.spent, contact=contact(said_at=NOW + 2_000)))).since_said == 1
    assert (await nodes[0].read(partial(store.spent, contact=contact(said_at=NOW + 4_000)))).since_said == 0


async def test_messages_of_one_conversation_leave_one_after_another(nodes):
    await prepared(nodes[0], 3)
    ((first, _),), _ = await nodes[0].write(partial(_claim, now=NOW, limit=5))
    assert first.seq == 2
    assert await nodes[1].write(partial(_claim, now=NOW, limit=5)) == ([], [])
    await settle(nodes[0], first, refund=True, due_at=NOW + 5_000)
    assert await nodes[1].write(partial(_claim, now=NOW, limit=5)) == ([], [])
    ((again, _),), _ = await nodes[1].write(partial(_claim, now=NOW + 5_000, limit=5))
    assert (again.seq, again.attempts) == (2, 2)


async def test_an_attempt_whose_process_died_is_made_again_and_charged_again(nodes):
    await prepared(nodes[0], 1)
    ((first, _),), _ = await nodes[0].write(partial(_claim, now=NOW, limit=5))
    ((again, _),), _ = await nodes[1].write(partial(_claim, now=NOW + LEASE, limit=5))
    assert again.attempts == 2
    assert not await settle(nodes[0], first)  # what the dead one says late changes nothing
    assert await settle(nodes[1], again)
    assert (await nodes[0].read(partial(store.spent, contact=contact()))).since_said == 2


async def test_a_sign_in_the_app_ends_a_stay_and_the_next_by_contact_begins_another(nodes):
    node = nodes[0]
    await prepared(node, 0)
    await node.write(partial(store.put_app_sign, conversation_id=ROOM, seq=5))
    await node.write(partial(store.put_app_sign, conversation_id=ROOM, seq=4))
    found = await node.read(partial(store.find, conversation_id=ROOM))
    assert (found.app_seq, found.began_seq) == (5, 1)
    await node.write(partial(store.put_sign, contact=contact(in_seq=9, said_at=NOW + 1)))
    await node.write(partial(store.put_sign, contact=contact(in_seq=12, said_at=NOW - 1)))
    found = await node.read(partial(store.find, conversation_id=ROOM))
    assert (found.began_seq, found.in_seq, found.said_at, found.signs) == (9, 12, NOW + 1, 3)


async def test_a_refusal_closes_what_it_knew_of_and_no_newer_sign(nodes):
    await prepared(nodes[0], 0)
    known = await nodes[0].read(partial(store.find, conversation_id=ROOM))
    await nodes[1].write(partial(store.put_sign, contact=contact(in_seq=3)))
    await nodes[0].write(partial(store.close, contact=known))
    found = await nodes[0].read(partial(store.find, conversation_id=ROOM))
    assert found.closed_signs == 1 and found.signs == 2
