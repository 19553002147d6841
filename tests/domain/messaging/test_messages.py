import asyncio

import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.infra.database import metadata
from chaguan.messaging.store import inboxes, log
from chaguan.protocol import commands as c
from chaguan.protocol.content import Custom, SystemNotice, Text
from chaguan.protocol.entries import MessageEdited, MessageRecalled, MessageSent, ReactionSet
from chaguan.protocol.pushes import UserChanged
from tests.domain.messaging.conftest import Asking, key, until


async def refused(awaitable, code: str) -> AppError:
    with pytest.raises(AppError) as error:
        await awaitable
    assert error.value.code == code, error.value
    return error.value


async def test_what_was_said_is_read_back_in_order_without_gaps(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    sent = await asyncio.gather(*(world.say(a if n % 2 else b, room, f"句子{n}") for n in range(100)))
    assert sorted(s.seq for s in sent) == list(range(1, 101))
    sync = await world.pull(b, room)
    assert [e.seq for e in sync.entries] == list(range(1, 101))
    by_seq = {s.seq: n for n, s in enumerate(sent)}
    assert all(e.content == Text(f"句子{by_seq[e.seq]}") for e in sync.entries)


async def test_both_people_of_a_direct_conversation_are_pushed_the_same_entry(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "你好")
    (to_a,), (to_b,) = world.pushes.of("u_a", MessageSent), world.pushes.of("u_b", MessageSent)
    assert to_a is to_b and to_b.content == Text("你好") and to_b.seq == 1 and to_b.ordinal == 1
    (pulled,) = (await world.pull(b, room)).entries
    assert pulled == to_b


async def test_the_same_key_gives_the_first_result_and_stores_nothing(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    k = key()
    first = await world.say(a, room, "一", key=k)
    assert await world.say(a, room, "一", key=k) == first
    twice = await asyncio.gather(*(world.say(a, room, "二", key=(k2 := "0" * 8 + k[8:])) for _ in range(5)))
    assert len({(s.seq, s.created_at) for s in twice}) == 1 and k2
    assert (await world.pull(a, room)).head_seq == 2


async def test_the_same_key_with_other_content_is_a_conflict(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    k = key()
    await world.say(a, room, "一", key=k)
    await refused(world.say(a, room, "二", key=k), "conflict")
    await world.say(b, room, "二", key=k)  # another person's key is another key


async def test_a_stranger_learns_nothing_about_a_conversation(world, people):
    a, b, eve = people.add("a"), people.add("b"), people.add("eve")
    room = await world.direct(a, b)
    await world.say(a, room, "秘密")
    await refused(world.say(eve, room, "嗨"), "not_found")
    await refused(world.pull(eve, room), "not_found")
    await refused(world.view(eve, room), "not_found")
    await refused(world.pull(eve, "d_nothing"), "not_found")


async def test_the_short_way_is_for_what_is_remembered_and_needs_nothing_read(world, people):
    a, b, eve = people.add("a"), people.add("b"), people.add("eve")
    room = await world.direct(a, b)

    def message(**more):
        more.setdefault("content", Text("嗨"))
        return c.SendMessage(id=1, conversation_id=room, client_msg_id=key(), **more)

    await world.restart()
    short = world.messaging.messages.begin_send
    assert not short(a, message(), Asking()), "nothing is remembered"
    await world.say(a, room, "一")
    assert not short(b, message(), Asking()), "the conversation is, and b's place in it is not"
    assert not short(a, message(quote_seq=1), Asking())
    assert not short(a, message(content=Custom("card", {}, "卡")), Asking()), (
        "others have a word on it before"
    )
    await refused(world.say(eve, room, "嗨"), "not_found")
    with pytest.raises(AppError, match="no such conversation"):
        short(eve, message(), Asking())
    assert short(a, message(), asking := Asking())
    assert (await asking.outcome).seq == 2 and (await world.pull(a, room)).head_seq == 2


async def test_content_that_only_the_server_may_say_is_refused(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    for content in (SystemNotice("joined"), Custom("x", {"v": "长" * 9000}, "f")):
        command = c.SendMessage(id=1, conversation_id=room, client_msg_id=key(), content=content)
        with pytest.raises(AppError) as error:
            await world.messaging.messages.send(a, command)
        assert error.value.code in ("bad_request", "too_large")
    assert (await world.pull(a, room)).head_seq == 0


async def test_content_is_nowhere_in_the_database_in_clear(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "supercalifragilistic")
    await world.messaging.search.caught_up()
    found = await world.db.read(everything)
    assert b"supercali" not in found and room.encode() in found
    in_files = b"".join(p.read_bytes() for p in world.path.parent.glob("chaguan.db*"))
    assert b"supercali" not in in_files


def everything(connection) -> bytes:
    values = [
        value
        for table in metadata.tables
        for row in connection.execute(text(f"SELECT * FROM {table}"))
        for value in row
    ]
    return b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


async def edit(world, caller, room, seq, text, k=None):
    return await world.messaging.messages.edit(
        caller,
        c.EditMessage(
            id=1, conversation_id=room, client_msg_id=k or key(), target_seq=seq, content=Text(text)
        ),
    )


async def recall(world, caller, room, seq):
    return await world.messaging.messages.recall(
        caller, c.RecallMessage(id=1, conversation_id=room, client_msg_id=key(), target_seq=seq)
    )


async def react(world, caller, room, seq, emoji="👍", on=True):
    return await world.messaging.messages.set_reaction(
        caller,
        c.SetReaction(id=1, conversation_id=room, client_msg_id=key(), target_seq=seq, emoji=emoji, on=on),
    )


async def test_an_edit_is_an_entry_and_the_current_state(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "旧")
    k = key()
    done = await edit(world, a, room, 1, "新", k)
    assert await edit(world, a, room, 1, "新", k) == done
    message, entry = (await world.pull(b, room)).entries
    assert message.content == Text("新") and message.changed_seq == 2
    assert isinstance(entry, MessageEdited) and entry.content == Text("新")
    assert message.edited_at == entry.created_at
    await refused(edit(world, b, room, 1, "假"), "forbidden")
    await refused(edit(world, a, room, 9, "无"), "not_found")


async def test_a_clock_that_is_put_back_dates_nothing_before_what_happened_already(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    world.now += 10_000
    await react(world, b, room, 1)
    world.now -= 15_000
    await world.say(a, room, "二")
    await react(world, b, room, 3, on=True)
    times = [entry.created_at for entry in (await world.pull(b, room)).entries]
    assert times == sorted(times) and len(times) == 4


async def test_a_recalled_message_is_never_served_again_not_even_its_edits(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "后悔")
    await edit(world, a, room, 1, "更后悔")
    await recall(world, a, room, 1)
    message, edited, recalled = (await world.pull(b, room)).entries
    assert message.content is None and message.recalled_by == "u_a" and message.changed_seq == 3
    assert edited.content is None and isinstance(recalled, MessageRecalled)
    await refused(edit(world, a, room, 1, "再"), "conflict")
    await refused(react(world, b, room, 1), "conflict")
    assert (await recall(world, a, room, 1)).seq == 0


async def test_the_recall_window_closes(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "晚了")
    await refused(recall(world, b, room, 1), "forbidden")
    world.now += 121_000
    assert (await refused(recall(world, a, room, 1), "forbidden")).data == {"window_s": 120}


async def test_a_reaction_is_set_not_toggled(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "好")
    assert (await react(world, b, room, 1)).seq == 2
    assert (await react(world, b, room, 1)).seq == 0
    await react(world, a, room, 1)
    (message, *entries) = (await world.pull(a, room)).entries
    assert [(r.emoji, r.user_ids) for r in message.reactions] == [("👍", ["u_b", "u_a"])]
    assert all(isinstance(e, ReactionSet) for e in entries) and len(entries) == 2
    await react(world, b, room, 1, on=False)
    await react(world, a, room, 1, on=False)
    assert (await world.pull(a, room)).entries[0].reactions == []
    for nonsense in ("abc", "👍 ", "<b>", "1"):
        await refused(react(world, a, room, 1, nonsense), "bad_request")


async def test_edits_at_the_same_moment_end_with_the_last_seq(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "0")
    done = await asyncio.gather(*(edit(world, a, room, 1, str(n)) for n in range(1, 20)))
    last = max(range(19), key=lambda n: done[n].seq)
    message = (await world.pull(b, room)).entries[0]
    assert message.content == Text(str(last + 1)) and message.changed_seq == 20


async def test_an_edit_sent_together_with_its_message_finds_it(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "先")
    sent, edited = await asyncio.gather(world.say(a, room, "后"), edit(world, a, room, 1, "先改"))
    assert {sent.seq, edited.seq} == {2, 3}


async def test_a_message_may_quote_what_its_sender_can_see_only(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "问")
    await world.say(b, room, "答", quote_seq=1)
    quote = (await world.pull(a, room)).entries[1].quote
    assert (quote.seq, quote.sender_id) == (1, "u_a")
    await refused(world.say(b, room, "答", quote_seq=7), "not_found")


async def test_a_blocked_peer_cannot_write_and_is_told_so(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "嗨")
    await world.messaging.safety.set_block(b, c.SetBlock(id=1, user_id="u_a", on=True))
    assert (await refused(world.say(a, room, "喂"), "forbidden")).data == {"reason": "blocked"}
    assert (await refused(world.say(b, room, "喂"), "forbidden")).data == {"reason": "you_blocked"}
    await world.messaging.safety.set_block(b, c.SetBlock(id=1, user_id="u_a", on=False))
    await world.say(a, room, "好")


async def test_one_conversation_takes_forty_messages_a_second(world, people):
    world.limits = Limits()
    await world.restart()
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    results = await asyncio.gather(*(world.say(a, room, str(n)) for n in range(130)), return_exceptions=True)
    busy = [r for r in results if isinstance(r, AppError)]
    assert len(busy) == 90 and all(e.code == "rate_limited" and e.data["retry_after_ms"] for e in busy)
    assert (await world.pull(a, room)).head_seq == 130 - len(busy)


async def test_unread_is_what_others_said_after_my_mark(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)

    async def unread(caller):
        view = await world.view(caller, room)
        return view.conversation.head_ordinal - view.inbox.read_ordinal

    for n in range(3):
        await world.say(a, room, str(n))
    assert (await unread(a), await unread(b)) == (0, 3)
    await react(world, a, room, 1)
    assert await unread(b) == 3
    await world.messaging.marks.mark_read(b, c.MarkRead(id=1, conversation_id=room, seq=2))
    assert await unread(b) == 1
    await world.messaging.marks.mark_read(b, c.MarkRead(id=1, conversation_id=room, seq=1))
    assert await unread(b) == 1
    await world.messaging.marks.flush()
    assert await unread(b) == 1
    await world.say(b, room, "答")
    assert await unread(b) == 0
    assert (await world.view(a, room)).inbox.peer_read_seq == 5


async def crash(world):
    """Marks that wait are lost."""

    async def lost():
        pass

    world.messaging.marks.finish = lost
    await world.restart()
    if world.db.dialect == "postgresql":  # where others may serve, it is done a moment after the start
        await world.messaging.marks.adopt()


async def test_a_mark_that_sending_moved_waits_for_a_few_flushes(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)

    async def stored():
        return (await world.db.read(lambda con: inboxes.find(con, a.user_id, room))).inbox.read_seq

    await world.say(a, room, "一")
    flushes = world.messaging.marks.sent_flushes
    for _ in range(flushes - 1):
        await world.messaging.marks.flush_and_note()
        await world.say(a, room, "又")
        assert await stored() == 0
    await world.messaging.marks.flush_and_note()
    assert await stored() == flushes
    assert not world.messaging.marks._sent


async def test_a_senders_position_is_noted_only_when_the_marks_before_it_are_written(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    await world.restart()
    await world.say(a, room, "二")
    flushes = world.messaging.marks.sent_flushes
    for _ in range(flushes):
        await world.messaging.marks.flush_and_note()
        await world.say(b, room, "三")
    noted = await world.db.read(lambda con: log.position(con, world.messaging.marks.position))
    assert noted < (await world.db.read(log.end))[0] - flushes + 1
    await crash(world)
    assert (await world.view(b, room)).inbox.read_seq == 2 + flushes


async def test_what_i_mark_unread_stays_unread_though_i_had_just_written(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    update = c.UpdateInbox(id=1, conversation_id=room, marked_unread=True)
    assert (await world.messaging.conversations.update_inbox(a, update)).inbox.marked_unread
    await world.messaging.marks.flush()
    assert (await world.view(a, room)).inbox.marked_unread


async def test_marks_of_senders_are_found_again_after_a_crash(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    await crash(world)
    view = await world.view(a, room)
    assert view.conversation.head_ordinal - view.inbox.read_ordinal == 0
    view = await world.view(b, room)
    assert view.conversation.head_ordinal - view.inbox.read_ordinal == 1


async def test_a_flushed_mark_is_pushed_to_my_other_devices(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    await world.messaging.marks.mark_read(b, c.MarkRead(id=1, conversation_id=room, seq=1))
    await world.messaging.marks.flush()
    await until(lambda: [p for p in world.pushes.of("u_b", UserChanged) if p.inboxes])
    push = world.pushes.of("u_b", UserChanged)[-1]
    assert push.version == push.previous + 1 and push.inboxes[0].read_seq == 1


async def test_my_list_says_whom_i_blocked(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.messaging.safety.set_block(b, c.SetBlock(id=1, user_id="u_a", on=True))
    assert (await world.view(b, room)).inbox.blocked
    assert not (await world.view(a, room)).inbox.blocked


async def test_marks_outlive_a_database_that_refuses_for_a_while(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")
    await world.messaging.marks.mark_read(b, c.MarkRead(id=1, conversation_id=room, seq=1))
    write = world.db.write

    async def refuse(_work):
        raise AppError(ErrorCode.unavailable, "full")

    world.db.write = refuse
    with pytest.raises(AppError):
        await world.messaging.marks.flush()
    world.db.write = write
    await world.messaging.marks.flush()
    await world.restart()
    view = await world.view(b, room)
    assert view.inbox.read_seq == 1


async def test_memory_and_disk_answer_a_pull_alike(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    for n in range(5):
        await world.say(a, room, f"第{n}句", mentions=["u_b"])
    lately = await world.pull(b, room, after=2)
    await world.restart()
    assert await world.pull(b, room, after=2) == lately


async def test_a_recalled_text_is_not_served_from_memory(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "说错了")
    command = c.RecallMessage(id=1, conversation_id=room, client_msg_id=key(), target_seq=1)
    await world.messaging.messages.recall(a, command)
    await world.say(a, room, "重来")
    for after in (0, 1, 2):
        entries = (await world.pull(b, room, after=after)).entries
        assert all(getattr(entry, "content", None) != Text("说错了") for entry in entries)


async def test_one_who_joined_without_history_gets_nothing_older_from_memory(world, people):
    a, b, late = people.add("a"), people.add("b"), people.add("late")
    room = await world.group(a, b)
    for n in range(3):
        await world.say(a, room, f"旧{n}")
    add = c.AddMembers(id=1, conversation_id=room, user_ids=["u_late"], client_msg_id=key())
    await world.messaging.members.add(a, add)
    await world.say(a, room, "新")
    seen = (await world.pull(late, room)).entries
    assert [e.content.text for e in seen if isinstance(e, MessageSent)] == ["新"]


async def pages_back(world, caller, room, limit=30):
    """All messages, page by page from the newest, and how many pages it took."""
    seqs, before, pages = [], 0, 0
    while True:
        command = c.GetHistory(id=1, conversation_id=room, before=before, limit=limit)
        page = await world.messaging.sync.history(caller, command)
        seqs = [message.seq for message in page.messages] + seqs
        before, pages = page.before, pages + 1
        if not before:
            return seqs, pages


async def test_history_goes_on_behind_thousands_of_reactions(world, people, monkeypatch):
    from chaguan.messaging.store import log as store

    monkeypatch.setattr(store, "SCAN_LIMIT", 20)
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "很久以前")
    for n in range(60):
        await react(world, b, room, 1, on=n % 2 == 0)
    await world.say(a, room, "现在")
    seqs, pages = await pages_back(world, b, room)
    assert seqs == [1, 62] and pages >= 3


async def test_pages_of_history_meet_without_gap_or_double(world, people):
    a, b = people.add("a"), people.add("b")
    room = await world.direct(a, b)
    for n in range(65):
        await world.say(a, room, str(n))
        if n % 10 == 0:
            await react(world, b, room, n + 1 + n // 10)
    seqs, _ = await pages_back(world, b, room, limit=7)
    assert len(seqs) == 65 and seqs == sorted(set(seqs))
    around = await world.messaging.sync.history(
        b, c.GetHistory(id=1, conversation_id=room, around=30, limit=10)
    )
    assert 30 in [message.seq for message in around.messages] or around.messages[0].seq < 30
    forward, after = [], 0
    while True:
        page = await world.messaging.sync.history(
            b, c.GetHistory(id=1, conversation_id=room, after=after, limit=7)
        )
        forward += [message.seq for message in page.messages]
        after = page.after
        if not after:
            break
    assert forward == seqs
