"""Forwarding: what is said again elsewhere is what was said, and only by who may see it."""

import asyncio
from typing import Any

import msgspec
import pytest

from chaguan.core.errors import AppError
from chaguan.core.settings import Limits
from chaguan.messaging import forwarding, merged
from chaguan.protocol import commands as c
from chaguan.protocol.commands import Command
from chaguan.protocol.content import (
    MAX_MERGED_BYTES,
    Card,
    Content,
    Custom,
    Image,
    Merged,
    MergedItem,
    MergedSender,
    SystemNotice,
    Text,
    merged_depth,
)
from chaguan.protocol.conversations import ConversationKind, UserKind
from chaguan.protocol.entries import MessageSent
from tests.domain.messaging.conftest import key
from tests.domain.messaging.test_messages import refused


async def forward(world, caller, source, seqs, target, **more: Any):
    command = c.ForwardMessages(
        id=1,
        conversation_id=source,
        seqs=seqs,
        to_conversation_id=target,
        client_msg_id=more.pop("key", key()),
        **more,
    )
    return await world.messaging.forwarding.forward(caller, command)


async def show(world, caller, conversation_id, content: Content):
    command = c.SendMessage(id=1, conversation_id=conversation_id, client_msg_id=key(), content=content)
    return await world.messaging.messages.send(caller, command)


async def recall(world, caller, conversation_id, seq):
    command = c.RecallMessage(id=1, conversation_id=conversation_id, client_msg_id=key(), target_seq=seq)
    return await world.messaging.messages.recall(caller, command)


async def opened(world, caller, conversation_id, seq) -> Any:
    command = c.GetMessages(id=1, conversation_id=conversation_id, seqs=[seq])
    (message,) = (await world.messaging.sync.messages(caller, command)).messages
    return message.content


async def said_in(world, caller, conversation_id) -> list[MessageSent]:
    sync = await world.pull(caller, conversation_id)
    return [entry for entry in sync.entries if isinstance(entry, MessageSent)]


@pytest.fixture
async def talk(world, people):
    """a and b talked; a has another conversation with c."""
    a, b, other = people.add("a"), people.add("b"), people.add("c")
    source, target = await world.direct(a, b), await world.direct(a, other)
    for speaker, text in ((a, "一"), (b, "二"), (a, "三")):
        await world.say(speaker, source, text)
    return a, b, other, source, target


async def test_messages_arrive_one_by_one_in_order_as_the_senders_own(world, talk):
    a, _, other, source, target = talk
    answer = await forward(world, a, source, [3, 1, 2, 2], target)
    assert [sent.seq for sent in answer.sent] == [1, 2, 3] and not answer.left_out
    arrived = await said_in(world, other, target)
    assert [m.content for m in arrived] == [Text("一"), Text("二"), Text("三")]
    assert {m.sender_id for m in arrived} == {"u_a"} and [m.ordinal for m in arrived] == [1, 2, 3]
    pushed = [push for push in world.pushes.of("u_c", MessageSent) if push.conversation_id == target]
    assert pushed == arrived


async def test_mentions_quotes_and_reactions_stay_where_they_were(world, people):
    a, b = people.add("a"), people.add("b")
    group, target = await world.group(a, b), await world.direct(a, b)
    first = await world.say(b, group, "一")
    sent = await world.say(b, group, "@a 二", mentions=["u_a"], quote_seq=first.seq)
    reaction = c.SetReaction(
        id=1, conversation_id=group, client_msg_id=key(), target_seq=sent.seq, emoji="👍", on=True
    )
    await world.messaging.messages.set_reaction(a, reaction)
    await forward(world, a, group, [sent.seq], target)
    (copy,) = await said_in(world, b, target)
    assert (copy.content, copy.mentions, copy.quote, copy.reactions) == (Text("@a 二"), [], None, [])


async def test_a_bundle_says_who_said_what_and_when_and_holds_no_ids(world, talk):
    a, _, other, source, target = talk
    answer = await forward(world, a, source, [1, 2, 3], target, merged=True)
    assert len(answer.sent) == 1
    content = await opened(world, other, target, answer.sent[0].seq)
    assert isinstance(content, Merged) and content.from_kind is ConversationKind.direct
    assert [sender.name for sender in content.senders] == ["a", "b"]
    assert [(item.sender, item.content) for item in content.items] == [
        (0, Text("一")),
        (1, Text("二")),
        (0, Text("三")),
    ]
    assert content.count == 3 and content.fallback == "a: 一\nb: 二\na: 三"
    assert b"u_a" not in msgspec.json.encode(content) and b"u_b" not in msgspec.json.encode(content)


async def test_an_edited_message_is_forwarded_as_it_stands_now(world, talk):
    a, _, other, source, target = talk
    edit = c.EditMessage(
        id=1, conversation_id=source, client_msg_id=key(), target_seq=1, content=Text("改过")
    )
    await world.messaging.messages.edit(a, edit)
    await forward(world, a, source, [1], target)
    assert [m.content for m in await said_in(world, other, target)] == [Text("改过")]


async def test_a_bundle_is_brief_everywhere_but_to_who_opens_it(world, people):
    a, b = people.add("a"), people.add("b")
    source, target = await world.group(a, b), await world.direct(a, b)
    seqs = [(await world.say(a, source, "长" * 1_000)).seq for _ in range(6)]
    sent = (await forward(world, a, source, seqs, target, merged=True)).sent[0]
    whole = await opened(world, b, target, sent.seq)
    assert len(whole.items) == 6 and whole.items[5].content == Text("长" * 1_000)
    page = await world.messaging.sync.history(b, c.GetHistory(id=1, conversation_id=target))
    among_others = c.GetMessages(id=1, conversation_id=target, seqs=[sent.seq, sent.seq + 1])
    found = [
        (await world.messaging.sync.messages(b, among_others)).messages[0].content,
        world.pushes.of("u_b", MessageSent)[-1].content,
        (await said_in(world, b, target))[-1].content,
        page.messages[-1].content,
        (await world.view(b, target)).last.content,
    ]
    for brief in found:
        assert brief == found[0] and brief.count == 6 and brief.from_kind is ConversationKind.group
        assert [item.content for item in brief.items] == [Text("长" * 80)] * 4
        assert len(msgspec.json.encode(brief)) < 2_500


async def test_what_was_recalled_is_left_out_and_named(world, talk):
    a, b, other, source, target = talk
    await recall(world, b, source, 2)
    for merged_or_not in (False, True):
        answer = await forward(world, a, source, [1, 2, 3], target, merged=merged_or_not)
        assert answer.left_out == [2]
    texts = [m.content.text for m in (await said_in(world, other, target))[:2]]
    assert texts == ["一", "三"]
    last = await opened(world, other, target, answer.sent[0].seq)
    assert [item.content for item in last.items] == [Text("一"), Text("三")]
    error = await refused(forward(world, a, source, [2], target), "not_found")
    assert error.data["seqs"] == [2]


async def test_what_is_recalled_afterwards_stays_where_it_was_forwarded_to(world, talk):
    a, b, other, source, target = talk
    await forward(world, a, source, [2], target)
    await recall(world, b, source, 2)
    assert [m.content for m in await said_in(world, other, target)] == [Text("二")]


async def test_a_stranger_can_neither_take_from_a_conversation_nor_bring_into_one(world, talk, people):
    a, b, _, source, target = talk
    eve = people.add("eve")
    own = await world.direct(eve, b)
    await world.say(eve, own, "嗨")
    await refused(forward(world, eve, source, [1], own), "not_found")
    await refused(forward(world, eve, own, [1], source), "not_found")
    await refused(forward(world, eve, own, [1], "d_nothing"), "not_found")
    await refused(forward(world, b, source, [1], target), "not_found")
    assert not await said_in(world, a, target) and len(await said_in(world, b, own)) == 1


async def test_who_joined_later_forwards_nothing_from_before(world, people):
    a, b, late = people.add("a"), people.add("b"), people.add("late")
    group, target = await world.group(a, b), await world.direct(late, b)
    before = (await world.say(a, group, "秘密")).seq
    add = c.AddMembers(id=1, conversation_id=group, client_msg_id=key(), user_ids=["u_late"])
    await world.messaging.members.add(a, add)
    after = (await world.say(a, group, "欢迎")).seq
    answer = await forward(world, late, group, [before, after], target, merged=True)
    assert answer.left_out == [before]
    content = await opened(world, b, target, answer.sent[0].seq)
    assert [item.content for item in content.items] == [Text("欢迎")]


async def test_somebody_removed_forwards_nothing_that_came_after(world, people):
    a, b, gone = people.add("a"), people.add("b"), people.add("gone")
    group, target = await world.group(a, b, gone), await world.direct(gone, b)
    known = (await world.say(a, group, "听得到")).seq
    remove = c.RemoveMember(id=1, conversation_id=group, client_msg_id=key(), user_id="u_gone")
    await world.messaging.members.remove(a, remove)
    secret = (await world.say(a, group, "听不到")).seq
    answer = await forward(world, gone, group, [known, secret], target)
    assert answer.left_out == [secret] and len(answer.sent) == 1
    await refused(forward(world, gone, target, [1], group), "forbidden")


async def test_an_agent_who_looks_in_may_take_along_and_not_bring(world, people):
    customer, agent, b = people.add("kunde", UserKind.customer), people.add("agent"), people.add("b")
    service = await world.messaging.conversations.open_service(customer, "s_1", customer.user_id)
    room = service.view.conversation.id
    await world.say(customer, room, "你好")
    own = await world.direct(agent, b)
    sent = (await forward(world, agent, room, [1], own, merged=True)).sent[0]
    assert (await opened(world, b, own, sent.seq)).from_kind is ConversationKind.service
    await refused(forward(world, agent, own, [sent.seq], room), "forbidden")


async def test_a_blocked_person_cannot_forward_to_the_one_who_blocked(world, talk):
    a, _, other, source, target = talk
    await world.messaging.safety.set_block(other, c.SetBlock(id=1, user_id="u_a", on=True))
    await refused(forward(world, a, source, [1], target), "forbidden")


async def test_the_same_key_gives_the_first_result_even_after_a_recall(world, talk):
    a, b, other, source, target = talk
    one, bundled = key(), key()
    first = await forward(world, a, source, [1, 2, 3], target, key=one)
    whole = await forward(world, a, source, [1, 2, 3], target, key=bundled, merged=True)
    await recall(world, b, source, 2)
    again = await asyncio.gather(
        *(forward(world, a, source, [1, 2, 3], target, key=one) for _ in range(3)),
        *(forward(world, a, source, [1, 2, 3], target, key=bundled, merged=True) for _ in range(3)),
    )
    assert again == [first] * 3 + [whole] * 3
    assert len(await said_in(world, other, target)) == 4


async def test_twice_at_once_is_once(world, talk):
    a, _, other, source, target = talk
    k = key()
    answers = await asyncio.gather(*(forward(world, a, source, [1, 2, 3], target, key=k) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await said_in(world, other, target)) == 3


async def test_the_same_key_for_anything_else_is_a_conflict(world, talk):
    a, b, _, source, target = talk
    k = key()
    await recall(world, b, source, 2)
    await forward(world, a, source, [2, 3], target, key=k)
    for seqs, as_one in (([3], False), ([2], False), ([1], False), ([2, 3], True)):
        await refused(forward(world, a, source, seqs, target, key=k, merged=as_one), "conflict")
    await refused(world.say(a, target, "三", key=k), "conflict")
    spoken = key()
    await world.say(a, target, "嗨", key=spoken)
    await refused(forward(world, a, source, [1], target, key=spoken), "conflict")


async def test_a_hundred_and_one_are_not_understood(world):
    def asked(count: int) -> bytes:
        command = {"type": "forward_messages", "id": 1, "conversation_id": "a", "to_conversation_id": "b"}
        return msgspec.json.encode({**command, "client_msg_id": key(), "seqs": list(range(count))})

    decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
    assert isinstance(decoder.decode(asked(100)), c.ForwardMessages)
    for count in (0, 101):
        with pytest.raises(msgspec.ValidationError):
            decoder.decode(asked(count))


async def test_the_pace_holds_and_a_repeated_command_goes_on_where_it_stopped(world, people):
    a, b = people.add("a"), people.add("b")
    source, target = await world.direct(a, b), await world.group(a, b)
    seqs = [(await world.say(a, source, f"{n}")).seq for n in range(9)]
    await restart_with_pace(world, 4)
    k = key()
    for _ in range(2):
        error = await refused(forward(world, a, source, seqs, target, key=k), "rate_limited")
        assert error.data["retry_after_ms"] == 1_000
        world.now += 1_000
    answer = await forward(world, a, source, seqs, target, key=k)
    assert len(answer.sent) == 9
    assert [m.content.text for m in await said_in(world, b, target)] == [f"{n}" for n in range(9)]


async def test_one_bundle_counts_as_one_message(world, people):
    a, b = people.add("a"), people.add("b")
    source, target = await world.direct(a, b), await world.group(a, b)
    seqs = [(await world.say(a, source, f"{n}")).seq for n in range(9)]
    await restart_with_pace(world, 1)
    await forward(world, a, source, seqs, target, merged=True)
    await refused(forward(world, a, source, seqs, target, merged=True), "rate_limited")


async def restart_with_pace(world, limit: int) -> None:
    world.limits = Limits(messages_per_second=limit)
    await world.restart()


async def test_the_business_own_content_goes_along_and_what_the_deployment_said_does_not(world, people):
    a, b = people.add("a"), people.add("b")
    group, target = await world.group(a, b), await world.direct(a, b)
    for content in (Custom("prize", {"a": [1]}, "奖品"), Card("龙井", actions=[]), Text("嗨")):
        await show(world, a, group, content)
    room, member = await world.messaging.rooms.access_conversation(a, group)
    await world.messaging.messages.notice(room, member, "u_a", b"\x01" * 16, SystemNotice("hello"))
    head = (await world.view(a, group)).conversation.head_seq
    answer = await forward(world, a, group, list(range(head + 3)), target, merged=True)
    content = await opened(world, b, target, answer.sent[0].seq)
    assert [type(item.content) for item in content.items] == [Custom, Card, Text]
    assert content.items[0].content.data == {"a": [1]}
    assert head in answer.left_out and head + 2 in answer.left_out


async def test_nobody_can_make_a_bundle_of_words_that_nobody_said(world, talk):
    a, _, other, source, target = talk
    forged = Merged(
        from_kind=ConversationKind.group,
        count=1,
        senders=[MergedSender("b")],
        items=[MergedItem(created_at=1, content=Text("我欠 a 一万元"))],
    )
    with pytest.raises(AppError, match="merged content can't be sent"):
        await show(world, a, target, forged)
    sent = (await forward(world, a, source, [1, 2], target, merged=True)).sent[0]
    edit = c.EditMessage(
        id=1, conversation_id=target, client_msg_id=key(), target_seq=sent.seq, content=forged
    )
    await refused(world.messaging.messages.edit(a, edit), "bad_request")
    assert (await opened(world, other, target, sent.seq)).count == 2


async def test_bundles_in_bundles_end_at_the_third(world, talk):
    a, _, other, source, target = talk
    seq = 1
    for depth in (1, 2, 3):
        room = source if depth == 1 else target
        seq = (await forward(world, a, room, [seq], target, merged=True)).sent[0].seq
        assert merged_depth(await opened(world, other, target, seq)) == depth
    error = await refused(forward(world, a, target, [seq], target, merged=True), "too_large")
    assert error.data == {"reason": "depth", "limit": 3}
    await forward(world, a, target, [seq], source)  # as it is, it may go on
    brief = (await said_in(world, a, source))[-1].content
    assert brief.items[0].content.items == [] and brief.items[0].content.count == 1


async def test_a_bundle_has_an_end_in_bytes_too(world, people):
    a, b = people.add("a"), people.add("b")
    source, target = await world.group(a, b), await world.direct(a, b)
    seqs = [(await world.say(a, source, "茶" * 5_000)).seq for _ in range(5)]
    await forward(world, a, source, seqs[:4], target, merged=True)
    error = await refused(forward(world, a, source, seqs, target, merged=True), "too_large")
    assert error.data == {"reason": "bytes", "limit": MAX_MERGED_BYTES}


async def test_a_bundle_that_can_only_be_too_large_is_not_opened_first(world, people, monkeypatch):
    a, b = people.add("a"), people.add("b")
    source, target = await world.group(a, b), await world.direct(a, b)
    seqs = [(await world.say(a, source, "茶" * 5_000)).seq for _ in range(5)]
    opened_rows: list[int] = []
    genuine = forwarding.open_content

    def counting(row, *rest):
        opened_rows.append(row.seq)
        return genuine(row, *rest)

    monkeypatch.setattr(forwarding, "open_content", counting)
    await refused(forward(world, a, source, seqs, target, merged=True), "too_large")
    assert not opened_rows
    await forward(world, a, source, seqs[:2], target, merged=True)
    assert opened_rows == seqs[:2]


def test_a_bomb_of_bundles_is_refused_while_it_is_decoded():
    def nested(depth: int) -> bytes:
        head = (
            b'{"type":"merged","from_kind":"group","count":1,"senders":[],"items":[{"created_at":1,"content":'
        )
        body = head * depth + b'{"type":"text","text":"x"}' + b"}]}" * depth
        return (
            b'{"type":"send_message","id":1,"conversation_id":"d","client_msg_id":"'
            + key().encode()
            + b'","content":'
            + body
            + b"}"
        )

    decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
    assert isinstance(decoder.decode(nested(3)), c.SendMessage)
    for depth in (4, 100, 5_000):
        with pytest.raises((msgspec.ValidationError, RecursionError)):
            decoder.decode(nested(depth))


async def test_what_is_in_a_bundle_is_found_by_search(world, people):
    a, b = people.add("a"), people.add("b")
    source, target = await world.direct(a, b), await world.group(a, b)
    await world.say(a, source, "明前龙井")
    sent = (await forward(world, a, source, [1], target, merged=True)).sent[0]
    await world.messaging.search.caught_up()
    command = c.SearchMessages(id=1, query="龙井", conversation_id=target)
    (hit,) = (await world.messaging.search.search(b, command)).hits
    assert hit.message.seq == sent.seq


async def test_a_bundle_read_after_a_restart_is_the_same(world, talk):
    a, _, other, source, target = talk
    sent = (await forward(world, a, source, [1, 2], target, merged=True)).sent[0]
    before = await opened(world, other, target, sent.seq)
    await world.restart()
    assert await opened(world, other, target, sent.seq) == before


def test_the_fallback_needs_no_language_and_has_an_end():
    items = [
        merged.Said(1, "u_1", 1, Image("m_1")),
        merged.Said(2, "u_2", 2, Text("多\n行 " + "长" * 300)),
        merged.Said(3, "u_gone", 3, Card("龙井")),
    ]
    made = merged.bundle(ConversationKind.group, items, {})
    assert made.fallback.startswith("🖼\n多 行 长") and made.fallback.endswith("…\n龙井")
    many = [merged.Said(n, "u_1", n, Text("长" * 300)) for n in range(100)]
    with pytest.raises(AppError):
        merged.bundle(ConversationKind.group, many, {})
    assert len(merged.bundle(ConversationKind.group, many[:4], {}).fallback) == 200


async def test_unread_is_one_for_a_bundle_and_my_own_mark_moves(world, talk):
    a, _, other, source, target = talk
    await forward(world, a, source, [1, 2, 3], target, merged=True)
    theirs, mine = await world.view(other, target), await world.view(a, target)
    assert theirs.conversation.head_ordinal - theirs.inbox.read_ordinal == 1
    assert mine.inbox.read_ordinal == mine.conversation.head_ordinal == 1
