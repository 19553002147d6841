"""Groups: who belongs to them, and what that lets them see."""

import pytest

from chaguan.core.errors import AppError
from chaguan.core.settings import Policy
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import MemberRole, UserKind
from chaguan.protocol.entries import EntryHidden, MemberLeft, MessageSent
from chaguan.protocol.pushes import UserChanged
from tests.domain.messaging.conftest import key, until
from tests.domain.messaging.test_messages import react, refused


async def add(world, caller, room, *ids, k=None):
    command = c.AddMembers(id=1, conversation_id=room, client_msg_id=k or key(), user_ids=list(ids))
    return await world.messaging.members.add(caller, command)


async def remove(world, caller, room, user_id):
    command = c.RemoveMember(id=1, conversation_id=room, client_msg_id=key(), user_id=user_id)
    return await world.messaging.members.remove(caller, command)


async def set_role(world, caller, room, user_id, role):
    command = c.SetMemberRole(id=1, conversation_id=room, client_msg_id=key(), user_id=user_id, role=role)
    return await world.messaging.members.set_role(caller, command)


async def texts(world, caller, room):
    page = await world.messaging.sync.history(caller, c.GetHistory(id=1, conversation_id=room))
    return [message.content.text for message in page.messages]


async def test_who_joins_later_sees_from_their_joining_on(world, people):
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b)
    await world.say(a, room, "前")
    await add(world, a, room, d.user_id)
    await world.say(a, room, "后")
    assert await texts(world, d, room) == ["后"]
    entries = (await world.pull(d, room)).entries
    assert isinstance(entries[0], EntryHidden) and entries[0].seq == 1
    assert [e.seq for e in entries] == [1, 2, 3]
    await refused(react(world, d, room, 1), "not_found")
    await refused(world.say(d, room, "引", quote_seq=1), "not_found")


async def test_with_history_who_joins_later_sees_all(world, people):
    a, d = people.add("a"), people.add("d")
    room = await world.group(a, history=True)
    await world.say(a, room, "前")
    await add(world, a, room, d.user_id)
    assert await texts(world, d, room) == ["前"]


async def test_a_removed_member_does_not_receive_what_is_said_after(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    assert ("u_b", room) in world.pushes.followed
    await world.say(a, room, "前")
    await remove(world, a, room, "u_b")
    assert ("u_b", room) not in world.pushes.followed
    await world.say(a, room, "后")
    assert await texts(world, b, room) == ["前"]
    sync = await world.pull(b, room)
    assert isinstance(sync.entries[-1], MemberLeft) and sync.head_seq == len(sync.entries) == 2
    page = await world.messaging.sync.history(b, c.GetHistory(id=1, conversation_id=room))
    assert page.head_seq == 2
    await refused(world.say(b, room, "还在"), "forbidden")
    await refused(world.view(b, room), "not_found")


async def test_a_removal_reaches_the_devices_as_a_tombstone(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    await remove(world, a, room, "u_b")
    await until(lambda: any(p.conversations[0].inbox.removed for p in world.pushes.of("u_b", UserChanged)))
    caught_up = await world.messaging.sync.catch_up(b, 1, [(room, 0)])
    assert [view.inbox.removed for view in caught_up.conversations] == [True]


async def test_a_send_that_races_with_the_removal_is_decided_in_the_log(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    await world.say(b, room, "前")
    held, member = await world.messaging.rooms.access_conversation(b, room)
    await remove(world, a, room, "u_b")
    held.member_version -= 1  # as access was decided before the removal
    from chaguan.messaging.log import Draft

    with pytest.raises(AppError) as error:
        await world.messaging.log.append(
            Draft(room=held, member=member, actor_id="u_b", content=Text("后"), countable=True)
        )
    assert error.value.code == "forbidden"


async def test_back_in_the_group_one_sees_what_was_said_while_one_belonged(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    await add(world, a, room, "u_b")  # in it already: nothing happens
    assert (await world.pull(a, room)).head_seq == 0
    command = c.AddMembers(id=1, conversation_id=room, client_msg_id=key(), user_ids=["u_b"])
    await remove(world, a, room, "u_b")
    await world.say(a, room, "不在")
    await world.messaging.members.add(a, command)
    await world.say(a, room, "又在")
    assert await texts(world, b, room) == ["又在"]


async def test_adding_with_the_same_key_adds_once(world, people):
    a, d, e = people.add("a"), people.add("d"), people.add("e")
    room = await world.group(a)
    k = key()
    await add(world, a, room, d.user_id, e.user_id, k=k)
    await add(world, a, room, d.user_id, e.user_id, k=k)
    page = await world.messaging.members.page(a, c.ListMembers(id=1, conversation_id=room))
    assert {m.user_id for m in page.members} == {"u_a", "u_d", "u_e"}
    assert (await world.pull(a, room)).head_seq == 2


async def test_members_are_found_by_a_part_of_their_name_however_many_there_are(world, people, monkeypatch):
    """As if the group were large: names are looked at two by two."""
    monkeypatch.setattr("chaguan.messaging.members._SEARCHED", 2)
    a = people.add("a")
    others = [
        people.add(f"{n}-{name}") for n, name in enumerate(["Mei", "bo", "MEI li", "Li", "Zhao Mei", "ann"])
    ]
    room = await world.group(a, *others)

    async def found(query: str, limit: int = 100, cursor: str = "") -> tuple[list[str], str]:
        command = c.ListMembers(id=1, conversation_id=room, query=query, limit=limit, cursor=cursor)
        page = await world.messaging.members.page(a, command)
        assert [user.id for user in page.users] == [member.user_id for member in page.members]
        return [user.name for user in page.users], page.next_cursor

    assert await found(" mei ") == (["0-Mei", "2-MEI li", "4-Zhao Mei"], "")
    assert await found("coffee") == ([], "")
    names, cursor = await found("mei", limit=2)
    assert names == ["0-Mei", "2-MEI li"] and cursor
    assert await found("mei", limit=2, cursor=cursor) == (["4-Zhao Mei"], "")
    await remove(world, a, room, others[2].user_id)
    assert (await found("mei"))[0] == ["0-Mei", "4-Zhao Mei"]
    left = c.ListMembers(id=1, conversation_id=room, query="mei")
    await refused(world.messaging.members.page(others[2], left), "forbidden")


async def test_only_owner_and_administrators_run_a_group(world, people):
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b)
    await refused(add(world, b, room, d.user_id), "forbidden")
    await refused(remove(world, b, room, "u_a"), "conflict")
    rename = c.UpdateConversation(id=1, conversation_id=room, client_msg_id=key(), name="新名")
    await refused(world.messaging.conversations.update(b, rename), "forbidden")
    await set_role(world, a, room, "u_b", MemberRole.admin)
    await world.messaging.conversations.update(b, rename)
    assert (await world.view(a, room)).conversation.name == "新名"
    await refused(set_role(world, b, room, "u_a", MemberRole.member), "forbidden")


async def test_the_owner_hands_over_before_leaving(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.group(a, b)
    await refused(remove(world, a, room, "u_a"), "conflict")
    await set_role(world, a, room, "u_b", MemberRole.owner)
    await remove(world, a, room, "u_a")
    assert (await world.view(b, room)).inbox.role is MemberRole.owner


async def test_a_group_of_more_than_500_does_not_push_joins(world, people):
    a, d = people.add("a"), people.add("d")
    many = [people.add(f"m{n}") for n in range(500)]
    room = await world.group(a, *many)
    await add(world, a, room, d.user_id)
    assert not [push for topic, push in world.pushes.told if topic == room]
    await world.say(a, room, "大家好")
    (push,) = [push for topic, push in world.pushes.told if topic == room]
    assert isinstance(push, MessageSent) and push.seq == 2
    assert [e.seq for e in (await world.pull(a, room)).entries] == [1, 2]


async def test_customers_neither_make_groups_nor_write_to_each_other(world, people):
    c1, c2 = people.add("c1", UserKind.customer), people.add("c2", UserKind.customer)
    with pytest.raises(AppError) as error:
        await world.direct(c1, c2)
    assert error.value.code == "forbidden"
    with pytest.raises(AppError):
        await world.group(c1, c2)
    world.policy = Policy(customers_write_customers=True, customers_make_groups=True)
    await world.restart()
    await world.direct(c1, c2)
    await world.group(c1, c2)


async def test_a_lost_push_of_membership_heals_by_the_version(world, people):
    a, b = people.add("a"), people.add("b")
    known = (await world.messaging.sync.catch_up(b, 0, [])).user_version
    first = await world.group(a, b)
    second = await world.group(a, b)
    caught_up = await world.messaging.sync.catch_up(b, known or 0, [])
    assert {view.conversation.id for view in caught_up.conversations} == {first, second}
    again = await world.messaging.sync.catch_up(b, caught_up.user_version, [])
    assert again.conversations == [] and again.user_version == caught_up.user_version


async def test_a_gap_of_more_than_200_entries_is_a_reset_with_the_latest_page(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    for n in range(201):
        await world.say(a, room, str(n))
    sync = await world.pull(b, room)
    assert sync.reset and [e.content.text for e in sync.entries] == [str(n) for n in range(151, 201)]
    assert not (await world.pull(b, room, after=1)).reset
    beyond = await world.pull(b, room, after=999)
    assert beyond.reset and beyond.head_seq == 201


async def told(world, caller, room, **where):
    page = await world.messaging.sync.history(caller, c.GetHistory(id=1, conversation_id=room, **where))
    return [type(notice).__name__ for notice in page.notices], page


async def test_history_tells_who_came_and_went_between_the_messages(world, people):
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b, history=True)
    await world.say(a, room, "一")
    await add(world, a, room, d.user_id)
    await world.say(a, room, "二")
    await remove(world, a, room, d.user_id)
    kinds, page = await told(world, b, room)
    assert kinds == ["MemberJoined", "MemberLeft"]
    assert [notice.seq for notice in page.notices] == [2, 4]
    assert {user.id for user in page.users} == {a.user_id, d.user_id}


async def test_each_notice_is_on_one_page_of_history_alone(world, people):
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b, history=True)
    for text in ("一", "二", "三"):
        await world.say(a, room, text)
        await add(world, a, room, d.user_id)
        await remove(world, a, room, d.user_id)
    seqs: list[int] = []
    before = 0
    while True:
        _, page = await told(world, b, room, before=before, limit=1)
        seqs[:0] = [notice.seq for notice in page.notices]
        before = page.before
        if not before:
            break
    assert seqs == [2, 3, 5, 6, 8, 9]


async def test_notices_from_before_ones_joining_are_not_told(world, people):
    a, b, d, e = people.add("a"), people.add("b"), people.add("d"), people.add("e")
    room = await world.group(a, b)
    await add(world, a, room, d.user_id)
    await add(world, a, room, e.user_id)
    await remove(world, a, room, e.user_id)
    await add(world, a, room, e.user_id)
    kinds, page = await told(world, e, room)
    assert [(kind, notice.seq) for kind, notice in zip(kinds, page.notices, strict=True)] == [
        ("MemberJoined", 2),
        ("MemberLeft", 3),
        ("MemberJoined", 4),
    ]


async def test_a_reset_starts_from_messages_and_notices_in_order(world, people):
    a, b, d = people.add("a"), people.add("b"), people.add("d")
    room = await world.group(a, b, history=True)
    await add(world, a, room, d.user_id)
    for n in range(210):
        await world.say(a, room, str(n))
    await remove(world, a, room, d.user_id)
    sync = await world.pull(b, room, after=0)
    assert sync.reset
    assert [entry.seq for entry in sync.entries] == list(range(162, 213))
    assert isinstance(sync.entries[-1], MemberLeft)
