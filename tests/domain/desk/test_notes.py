"""Notes among staff: who reads them, who is told, and every way by which a customer might get one."""

import contextlib

import msgspec
import pytest
from sqlalchemy import text

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.messaging.log import encode
from chaguan.messaging.store import log as log_store
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.entries import EntryHidden
from chaguan.protocol.notes import Note
from chaguan.protocol.pushes import Mentioned, NoteTyping, Typing, Whispered
from tests.domain.desk.conftest import SHOP, Shop, key

SECRET = "她上次骗了退款"


@pytest.fixture
async def scene(shop: Shop):
    """A customer, the agent who has their case, and a supervisor."""
    mei, boss, amy = shop.staff("mei"), shop.staff("boss", Role.owner), shop.customer("amy")
    room = await shop.asks(amy)
    await shop.take(mei, await shop.case(room))
    await shop.desk.caught_up()
    for name in ("mei", "boss", "lin"):
        shop.may_be_told.add(f"u_{name}")
    return shop, room, amy, mei, boss


async def write(shop: Shop, who: Caller, room: str, said: str = SECRET, **more) -> Note:
    more = {"client_msg_id": key(), **more}
    return (await shop.desk.notes.write(who, c.WriteNote(id=1, conversation_id=room, text=said, **more))).note


async def notes(shop: Shop, who: Caller, room: str, **more) -> list[Note]:
    return (await shop.desk.notes.page(who, c.ListNotes(id=1, conversation_id=room, **more))).notes


async def said_of(coroutine) -> str:
    try:
        await coroutine
    except AppError as error:
        return error.code.value
    return "ok"


async def test_a_note_stands_among_the_messages_and_colleagues_read_it(scene):
    shop, room, amy, mei, boss = scene
    await shop.say(amy, room, "我要退货")
    note = await write(shop, mei, room)
    await shop.say(mei, room, "好的")
    (found,) = await notes(shop, boss, room)
    assert (found.text, found.author_id, found.seq) == (SECRET, "u_mei", note.seq)
    assert found.case_id == (await shop.case(room)).id
    seqs = [entry.seq for entry in (await shop.pull(mei, room)).entries]
    assert seqs == list(range(1, len(seqs) + 1)) and note.seq in seqs


async def test_a_note_sent_twice_is_written_once(scene):
    shop, room, _amy, mei, _boss = scene
    again = key()
    first = await write(shop, mei, room, client_msg_id=again)
    assert await write(shop, mei, room, client_msg_id=again) == first
    assert len(await notes(shop, mei, room)) == 1
    with pytest.raises(AppError) as refused:
        await write(shop, mei, room, "anders", client_msg_id=again)
    assert refused.value.code is ErrorCode.conflict


async def test_no_push_tells_the_customer_more_than_a_number(scene):
    shop, room, amy, mei, _boss = scene
    shop.pushes.told.clear()
    note = await write(shop, mei, room)
    await shop.desk.notes.typing(mei, c.TypeNote(id=1, conversation_id=room))
    theirs = [push for topic, push in shop.pushes.told if topic in (room, amy.user_id)]
    assert theirs == [EntryHidden(conversation_id=room, seq=note.seq, created_at=note.created_at)]
    assert SECRET.encode() not in encode(theirs) and b"u_mei" not in encode(theirs)


async def test_writing_a_note_is_no_typing_for_the_customer(scene):
    shop, room, amy, mei, _boss = scene
    shop.pushes.told.clear()
    await shop.desk.notes.typing(mei, c.TypeNote(id=1, conversation_id=room))
    assert shop.pushes.of(f"notes:{room}", NoteTyping) == [NoteTyping(conversation_id=room, user_id="u_mei")]
    assert not [push for topic, push in shop.pushes.told if topic in (room, amy.user_id)]
    assert not [push for _topic, push in shop.pushes.told if isinstance(push, Typing)]


async def test_no_reading_gives_the_customer_a_note(scene):
    shop, room, amy, mei, _boss = scene
    await shop.say(mei, room, "您好")
    note = await write(shop, mei, room)
    edited = c.EditNote(id=1, client_msg_id=key(), conversation_id=room, seq=note.seq, text=SECRET + "!")
    await shop.desk.notes.edit(mei, edited)
    await shop.messaging.search.feed.caught_up()
    at = {"id": 1, "conversation_id": room}
    sync, messaging = shop.messaging.sync, shop.messaging
    answers = [
        await sync.pull(amy, c.PullEntries(**at, after_seq=0)),
        await sync.history(amy, c.GetHistory(**at)),
        await sync.history(amy, c.GetHistory(**at, around=note.seq)),
        await sync.history(amy, c.GetHistory(**at, after=0)),
        await sync.messages(amy, c.GetMessages(**at, seqs=list(range(1, note.seq + 3)))),
        await sync.catch_up(amy, 0, [(room, 0)]),
        await sync.catch_up(amy, 0, [(room, 10_000)]),
        await messaging.conversations.get(amy, c.GetConversation(**at)),
        await messaging.conversations.page(amy, c.ListConversations(id=1)),
        await messaging.search.search(amy, c.SearchMessages(id=1, query="退款")),
        await messaging.search.search(amy, c.SearchMessages(id=1, query="退款", conversation_id=room)),
        (await shop.messaging.tail.since(room, 0, 200))[0],
    ]
    for answer in answers:
        assert SECRET.encode() not in encode(answer)
    pulled = {entry.seq: entry for entry in answers[0].entries}
    assert isinstance(pulled[note.seq], EntryHidden) and isinstance(pulled[note.seq + 1], EntryHidden)


async def test_a_note_counts_as_unread_for_nobody(scene):
    shop, room, amy, mei, boss = scene
    before = (await shop.view(amy, room)).conversation
    await write(shop, mei, room)
    await write(shop, boss, room)
    after = (await shop.view(amy, room)).conversation
    assert after.head_seq == before.head_seq + 2
    assert (after.head_ordinal, after.last_at) == (before.head_ordinal, before.last_at)


async def test_a_note_is_no_message_to_quote_edit_recall_react_to_or_forward(scene):
    shop, room, amy, mei, _boss = scene
    note = await write(shop, mei, room)
    target = {"id": 1, "conversation_id": room, "target_seq": note.seq}
    messages = shop.messaging.messages
    for who in (amy, mei):
        elsewhere = await shop.group(mei, amy)
        attacks = [
            shop.say(who, room, "看这个", quote_seq=note.seq),
            messages.edit(who, c.EditMessage(**target, client_msg_id=key(), content=Text("改"))),
            messages.recall(who, c.RecallMessage(**target, client_msg_id=key())),
            messages.set_reaction(who, c.SetReaction(**target, client_msg_id=key(), emoji="👍", on=True)),
            *(
                shop.messaging.forwarding.forward(
                    who,
                    c.ForwardMessages(
                        id=1,
                        client_msg_id=key(),
                        conversation_id=room,
                        seqs=[note.seq],
                        to_conversation_id=elsewhere,
                        merged=merged,
                    ),
                )
                for merged in (True, False)
            ),
        ]
        assert [await said_of(attack) for attack in attacks] == ["not_found"] * len(attacks)


async def test_what_reads_the_log_finds_a_place_and_no_words(scene):
    """Search, the WeChat outbox and every consumer to come read rows of the log: a note's has nothing to tell."""
    shop, room, _amy, mei, _boss = scene
    note = await write(shop, mei, room, mentions=["u_lin"])
    (row,) = await shop.db.read(lambda con: log_store.by_seqs(con, room, [note.seq]))
    assert (row.body, row.state, row.target_seq, row.countable) == (None, "", 0, False)


async def test_a_note_is_sealed_at_rest_and_goes_with_the_conversations_key(scene):
    shop, room, _amy, mei, _boss = scene
    await write(shop, mei, room)
    stored = await shop.db.read(lambda con: con.execute(text("SELECT * FROM case_notes")).fetchall())
    assert SECRET not in str(stored) and SECRET.encode() not in bytes(stored[0].body)
    await shop.db.write(lambda con: con.execute(text("UPDATE conversations SET data_key = NULL")))
    shop.messaging.rooms.forget(room)
    (note,) = await notes(shop, mei, room)
    assert note.text == ""


async def test_who_has_no_desk_neither_reads_nor_writes_notes(scene):
    shop, room, amy, mei, _boss = scene
    note = await write(shop, mei, room)
    cook = msgspec.structs.replace(shop.people.add("cook"), role=Role.member)
    key_of_server = Caller("server", "key_1", scopes=frozenset({"messages:read", "messages:write"}))
    at = {"id": 1, "conversation_id": room}
    for who in (amy, cook, key_of_server, shop.customer("eve")):
        book = shop.desk.notes
        attacks = [
            book.page(who, c.ListNotes(**at)),
            book.watch(who, c.WatchNotes(**at)),
            book.write(who, c.WriteNote(**at, client_msg_id=key(), text="x")),
            book.edit(who, c.EditNote(**at, client_msg_id=key(), seq=note.seq, text="x")),
            book.remove(who, c.RemoveNote(**at, client_msg_id=key(), seq=note.seq)),
            book.typing(who, c.TypeNote(**at)),
            book.mentions(who, c.ListMentions(id=1)),
            book.read_mentions(who, c.ReadMentions(id=1)),
        ]
        assert [await said_of(attack) for attack in attacks] == ["forbidden"] * len(attacks)


async def test_a_mentioned_colleague_is_told_and_finds_it_until_they_read_it(scene):
    shop, room, amy, mei, _boss = scene
    lin = shop.staff("lin")
    note = await write(shop, mei, room, "@lin 怎么看？", mentions=["u_lin"])
    (push,) = shop.pushes.of("u_lin", Mentioned)
    assert (push.mention.note, push.unread, push.mention.customer_id) == (note, 1, amy.user_id)
    found = await shop.desk.notes.mentions(lin, c.ListMentions(id=1))
    assert [each.note for each in found.mentions] == [note] and found.unread == 1
    read = await shop.desk.notes.read_mentions(lin, c.ReadMentions(id=1, conversation_id=room))
    assert read.unread == 0 and read.mentions[0].read_at == shop.now
    assert (await shop.desk.notes.mentions(mei, c.ListMentions(id=1))).mentions == []


@pytest.mark.parametrize("name", ["amy", "cook", "nobody"])
async def test_only_who_may_see_the_case_is_mentioned(scene, name):
    shop, room, _amy, mei, _boss = scene
    with pytest.raises(AppError) as refused:
        await write(shop, mei, room, mentions=["u_lin", f"u_{name}"])
    assert refused.value.data == {"reason": "not_staff", "user_ids": [f"u_{name}"]}
    assert shop.pushes.of("u_lin", Mentioned) == []


async def test_an_edit_tells_the_newly_mentioned_and_forgets_the_others(scene):
    shop, room, _amy, mei, _boss = scene
    note = await write(shop, mei, room, mentions=["u_lin"])
    again = {"id": 1, "conversation_id": room, "seq": note.seq, "client_msg_id": key()}
    edited = (await shop.desk.notes.edit(mei, c.EditNote(**again, text="@boss", mentions=["u_boss"]))).note
    assert (edited.text, edited.mentions) == ("@boss", ["u_boss"])
    assert edited.edited_at and edited.changed_seq > note.seq == edited.seq
    assert len(shop.pushes.of("u_boss", Mentioned)) == 1
    lin = shop.staff("lin")
    assert (await shop.desk.notes.mentions(lin, c.ListMentions(id=1))).mentions == []


async def test_a_removed_note_leaves_a_place_and_no_words(scene):
    shop, room, _amy, mei, boss = scene
    note = await write(shop, mei, room, mentions=["u_lin"])
    remove = {"id": 1, "conversation_id": room, "seq": note.seq}
    lin = shop.staff("lin")
    assert (
        await said_of(shop.desk.notes.remove(lin, c.RemoveNote(**remove, client_msg_id=key()))) == "forbidden"
    )
    await shop.desk.notes.remove(boss, c.RemoveNote(**remove, client_msg_id=key()))
    (found,) = await notes(shop, mei, room)
    assert (found.text, found.removed_by, found.mentions) == ("", "u_boss", [])
    edit = c.EditNote(**remove, client_msg_id=key(), text="doch")
    assert await said_of(shop.desk.notes.edit(mei, edit)) == "conflict"
    bodies = await shop.db.read(lambda con: con.execute(text("SELECT body FROM case_notes")).fetchall())
    assert [row.body for row in bodies] == [None]


async def test_nobody_writes_anothers_note_anew(scene):
    shop, room, _amy, mei, boss = scene
    note = await write(shop, mei, room)
    forged = c.EditNote(id=1, client_msg_id=key(), conversation_id=room, seq=note.seq, text="forged")
    assert await said_of(shop.desk.notes.edit(boss, forged)) == "forbidden"


async def test_a_note_of_another_conversation_is_not_found_by_its_number(scene):
    shop, room, _amy, mei, _boss = scene
    note = await write(shop, mei, room)
    other = await shop.asks(shop.customer("bob"))
    edit = c.EditNote(id=1, client_msg_id=key(), conversation_id=other, seq=note.seq, text="x")
    assert await said_of(shop.desk.notes.edit(mei, edit)) == "not_found"
    case = (await shop.case(other)).id
    assert await said_of(write(shop, mei, room, case_id=case)) == "not_found"


async def test_a_whisper_reaches_the_agent_of_the_case_and_supervisors(scene):
    shop, room, amy, mei, boss = scene
    lin, ada = shop.staff("lin"), shop.staff("ada", Role.admin)
    whisper = await write(shop, boss, room, "给她优惠券", whisper=True)
    assert whisper.whisper_to == "u_mei"
    for who, seen in ((mei, 1), (boss, 1), (ada, 1), (lin, 0)):
        assert len(await notes(shop, who, room)) == seen
    since = (await shop.view(mei, room)).conversation.head_seq - 1
    assert await notes(shop, lin, room, changed_after=since) == []
    assert len(await notes(shop, mei, room, changed_after=since)) == 1
    remove = c.RemoveNote(id=1, client_msg_id=key(), conversation_id=room, seq=whisper.seq)
    assert await said_of(shop.desk.notes.remove(lin, remove)) == "not_found"
    assert "给她优惠券".encode() not in encode(
        await shop.messaging.sync.pull(amy, c.PullEntries(id=1, conversation_id=room, after_seq=0))
    )


async def test_who_is_whispered_to_is_told_wherever_they_look_and_nobody_else_is(scene):
    shop, room, amy, _mei, boss = scene
    shop.pushes.told.clear()
    again = key()
    whisper = await write(shop, boss, room, "给她优惠券", whisper=True, client_msg_id=again)
    await write(shop, boss, room, "给她优惠券", whisper=True, client_msg_id=again)
    (told,) = shop.pushes.of("u_mei", Whispered)
    assert (told.note, told.customer_id) == (whisper, amy.user_id)
    assert [topic for topic, push in shop.pushes.told if isinstance(push, Whispered)] == ["u_mei"]
    assert not [push for _, push in shop.pushes.told if isinstance(push, Mentioned)]


async def test_only_supervisors_whisper_and_only_where_somebody_hears_it(scene):
    shop, room, _amy, mei, boss = scene
    assert await said_of(write(shop, mei, room, whisper=True)) == "forbidden"
    assert await said_of(write(shop, boss, room, whisper=True, mentions=["u_lin"])) == "bad_request"
    waits = await shop.asks(shop.customer("bob"))
    with pytest.raises(AppError) as refused:
        await write(shop, boss, waits, whisper=True)
    assert refused.value.data == {"reason": "nobody_to_whisper_to"}


async def test_a_supervisor_reads_along_whispers_and_takes_over_without_being_seen_before(scene):
    shop, room, amy, mei, boss = scene
    said = await shop.say(amy, room, "没人吗")
    before = (await shop.view(amy, room)).conversation.head_seq
    shown = await shop.messaging.sync.history(boss, c.GetHistory(id=1, conversation_id=room))
    assert shown.messages[-1].seq == said.seq
    assert (await shop.view(amy, room)).conversation.head_seq == before, "reading along leaves no trace"
    assert await said_of(shop.say(boss, room, "我来")) == "forbidden"
    await write(shop, boss, room, "我接手", whisper=True)
    await shop.take(boss, await shop.case(room), force=True)
    await shop.desk.caught_up()
    assert (await shop.case(room)).agent_id == "u_boss"
    assert await shop.members(room) == {"u_boss"}
    await shop.say(boss, room, "您好，我是店长")
    assert await said_of(shop.say(mei, room, "我也在")) == "forbidden"


async def test_pages_of_notes_follow_one_another(scene):
    shop, room, _amy, mei, _boss = scene
    written = [await write(shop, mei, room, f"{i}") for i in range(5)]
    at = {"id": 1, "conversation_id": room, "limit": 2}
    page = await shop.desk.notes.page(mei, c.ListNotes(**at))
    assert ([note.text for note in page.notes], page.more) == (["3", "4"], True)
    older = await shop.desk.notes.page(mei, c.ListNotes(**at, before=page.notes[0].seq))
    assert [note.text for note in older.notes] == ["1", "2"]
    news, after = [], written[0].changed_seq
    for _ in range(3):
        page = await shop.desk.notes.page(mei, c.ListNotes(**at, changed_after=after))
        news += [note.text for note in page.notes]
        after = page.changed_seq
    assert news == ["1", "2", "3", "4"] and not page.more and after == written[-1].changed_seq


async def test_two_who_change_one_note_at_once_leave_it_whole(scene):
    import asyncio

    shop, room, _amy, mei, boss = scene
    note = await write(shop, mei, room)
    at = {"id": 1, "conversation_id": room, "seq": note.seq}
    with contextlib.suppress(AppError):
        await asyncio.gather(
            shop.desk.notes.remove(boss, c.RemoveNote(**at, client_msg_id=key())),
            shop.desk.notes.edit(mei, c.EditNote(**at, client_msg_id=key(), text="neu")),
        )
    (found,) = await notes(shop, mei, room)
    assert (found.removed_by, found.text) == ("u_boss", "")


async def test_the_desk_opens_no_case_because_of_a_note(scene):
    shop, room, _amy, mei, _boss = scene
    await shop.resolve(mei, await shop.case(room))
    await shop.desk.caught_up()
    ended = await shop.case(room)
    note = await write(shop, mei, room)
    await shop.desk.caught_up()
    assert await shop.case(room) == ended and note.case_id == ended.id
    desk = await shop.desk.watch(mei, c.WatchDesk(id=1), SHOP)
    assert SECRET.encode() not in encode(desk.views)
