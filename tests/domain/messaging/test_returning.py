"""All of a group return after a restart: one reads what was said, and the others have it from memory."""

import asyncio
from typing import Any

import msgspec
import pytest

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.messaging.store import log as store
from chaguan.protocol import commands as c
from chaguan.protocol.entries import EntryHidden, MessageSent
from chaguan.protocol.replies import ConversationSync
from tests.domain.messaging.conftest import World, key


async def missed(world: World, caller: Caller, room: str, since: int) -> ConversationSync:
    """Through JSON, as a client gets it."""
    caught_up = await world.messaging.sync.catch_up(caller, 1, [(room, since)])
    (sync,) = decoded(caught_up.syncs)
    return sync


def decoded(syncs: list[ConversationSync]) -> list[ConversationSync]:
    return msgspec.json.decode(msgspec.json.encode(syncs), type=list[ConversationSync])


def texts(sync: ConversationSync) -> list[Any]:
    return [getattr(entry.content, "text", None) for entry in sync.entries if isinstance(entry, MessageSent)]


async def test_those_who_return_at_once_share_one_reading(world: World, people, monkeypatch) -> None:
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b, d)
    since = (await world.say(a, room, "一")).seq
    for text in ("二", "三"):
        last = await world.say(a, room, text)
    await world.restart()
    asked, after = [], store.after

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return after(*arguments)

    monkeypatch.setattr(store, "after", counted)
    found = await asyncio.gather(*(missed(world, caller, room, since) for caller in (a, b, d)))
    found.append(await missed(world, a, room, since))
    assert [texts(sync) for sync in found] == [["二", "三"]] * 4
    assert {sync.head_seq for sync in found} == {last.seq}
    assert len(asked) == 1


async def test_what_was_recalled_since_somebody_read_it_is_not_served(world: World, people) -> None:
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b, d)
    since = (await world.say(a, room, "一")).seq
    wrong = await world.say(a, room, "错了")
    await world.restart()
    assert texts(await missed(world, b, room, since)) == ["错了"]
    await world.messaging.messages.recall(
        a, c.RecallMessage(id=1, conversation_id=room, client_msg_id=key(), target_seq=wrong.seq)
    )
    assert texts(await missed(world, d, room, since)) == [None]
    await world.restart()
    for caller in (b, d):
        assert texts(await missed(world, caller, room, since)) == [None]


async def test_what_one_may_not_see_is_not_what_others_are_given(world: World, people) -> None:
    a, b, late = people.add("a"), people.add("b"), people.add("late")
    room = await world.group(a, b)
    since = (await world.say(a, room, "一")).seq
    await world.say(a, room, "before")
    await world.messaging.members.add(
        a, c.AddMembers(id=1, conversation_id=room, client_msg_id=key(), user_ids=[late.user_id])
    )
    await world.say(a, room, "after")
    await world.restart()
    theirs = await missed(world, late, room, since)
    assert texts(theirs) == ["after"]
    assert any(isinstance(entry, EntryHidden) for entry in theirs.entries)
    ours = await missed(world, b, room, since)
    assert texts(ours) == ["before", "after"]
    assert not any(isinstance(entry, EntryHidden) for entry in ours.entries)


async def test_a_conversation_that_is_gone_by_the_time_it_is_read_spoils_no_welcome(
    world: World, people, monkeypatch
) -> None:
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    await world.say(a, room, "一")
    await world.restart()

    def fails(code: ErrorCode) -> None:
        def access_now(*_: Any) -> None:
            raise AppError(code, "planted")

        monkeypatch.setattr(world.messaging.rooms, "access_now", access_now)

    fails(ErrorCode.not_found)
    sync = await missed(world, b, room, 0)
    assert (sync.head_seq, sync.reset) == (0, True)
    # A database that is away is no reason to forget what one holds.
    fails(ErrorCode.unavailable)
    with pytest.raises(AppError, match="planted"):
        await world.messaging.sync.catch_up(b, 1, [(room, 0)])


async def test_a_crowd_is_answered_together_and_everybody_with_their_own(world: World, people) -> None:
    crowd = [people.add(f"p{number}") for number in range(8)]
    outsider = people.add("outsider")
    rooms = [await world.group(crowd[0], *crowd[1:]), await world.group(crowd[0], *crowd[1:4])]
    since = [(await world.say(crowd[0], room, "一")).seq for room in rooms]
    for room in rooms:
        await world.say(crowd[0], room, "二")
    known = list(zip(rooms, since, strict=True))
    sync = world.messaging.sync
    # The second device of the first knows more of one room and nothing of the other.
    asked = [(each, known) for each in (*crowd, outsider)] + [(crowd[0], [(rooms[0], since[0] + 1)])]
    found = await asyncio.gather(*(sync.catch_up(caller, 1, what) for caller, what in asked))
    told = [
        [(each.conversation_id, texts(each)) for each in decoded(one.syncs) if each.entries] for one in found
    ]
    assert told[:4] == [[(rooms[0], ["二"]), (rooms[1], ["二"])]] * 4
    assert told[4:8] == [[(rooms[0], ["二"])]] * 4
    assert told[8:] == [[], []]
    versions = [one.user_version for one in found]
    assert versions[0] == versions[-1] > versions[8]
    follows = await asyncio.gather(
        *(world.messaging.tail.joined(each.user_id) for each in (*crowd, outsider))
    )
    assert [set(each) for each in follows] == [set(rooms)] * 4 + [{rooms[0]}] * 4 + [set()]
