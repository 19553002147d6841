"""Search as people use it, and as somebody would who wants to know what others say."""

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.messaging.search import matching, merging, service
from chaguan.messaging.search.tokens import fold
from chaguan.messaging.store import log, search
from chaguan.protocol import commands as c
from chaguan.protocol.content import Card, CardLine, Content, Custom, Location, Text
from chaguan.protocol.conversations import UserKind
from tests.domain.messaging.conftest import People, World, key


async def ask(world: World, caller: Caller, query: str, **more: Any) -> Any:
    command = c.SearchMessages(id=1, query=query, **more)
    return await world.messaging.search.search(caller, command)


async def found(world: World, caller: Caller, query: str, **more: Any) -> list[str]:
    await world.messaging.search.caught_up()
    return texts((await ask(world, caller, query, **more)).hits)


def texts(hits: Iterable[Any]) -> list[str]:
    return [hit.message.content.text for hit in hits]


async def edit(world: World, caller: Caller, conversation_id: str, seq: int, text: str) -> None:
    command = c.EditMessage(
        id=1, client_msg_id=key(), conversation_id=conversation_id, target_seq=seq, content=Text(text)
    )
    await world.messaging.messages.edit(caller, command)


async def recall(world: World, caller: Caller, conversation_id: str, seq: int) -> None:
    command = c.RecallMessage(id=1, client_msg_id=key(), conversation_id=conversation_id, target_seq=seq)
    await world.messaging.messages.recall(caller, command)


async def leave(world: World, caller: Caller, conversation_id: str) -> None:
    command = c.RemoveMember(
        id=1, client_msg_id=key(), conversation_id=conversation_id, user_id=caller.user_id
    )
    await world.messaging.members.remove(caller, command)


async def let_in(world: World, owner: Caller, conversation_id: str, newcomer: Caller) -> None:
    command = c.AddMembers(
        id=1, client_msg_id=key(), conversation_id=conversation_id, user_ids=[newcomer.user_id]
    )
    await world.messaging.members.add(owner, command)


async def sizes(world: World) -> list[tuple[int, int, int]]:
    return await world.db.read(search.sizes)


async def test_a_word_of_two_characters_is_found_newest_first(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for text in ("明前龙井到货了", "大红袍缺货", "龙井,半斤起售", "龙和井"):
        await world.say(lin, room, text)
    assert await found(world, chen, "龙井") == ["龙井,半斤起售", "明前龙井到货了"]
    page = await ask(world, chen, "龙井")
    assert [user.id for user in page.users] == [lin.user_id]
    assert page.hits[0].conversation.id == room
    assert page.next_cursor == ""


async def test_a_single_character_is_found_at_the_end_of_a_sentence_too(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for text in ("茶", "喝茶", "茶好喝", "咖啡"):
        await world.say(lin, room, text)
    assert await found(world, chen, "茶") == ["茶好喝", "喝茶", "茶"]


async def test_every_word_must_be_there_in_either_script_and_width(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for text in ("订单ABC123已经发货", "订单XYZ还没发货", "Ｏｒｄｅｒ ＡＢＣ１２３ 已发货"):
        await world.say(lin, room, text)
    assert await found(world, chen, "abc123 发货") == ["Ｏｒｄｅｒ ＡＢＣ１２３ 已发货", "订单ABC123已经发货"]
    assert await found(world, chen, "ORDER") == ["Ｏｒｄｅｒ ＡＢＣ１２３ 已发货"]


async def test_the_beginning_of_a_latin_word_finds_it_and_its_middle_does_not(
    world: World, people: People
) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await world.say(lin, room, "Our Darjeelings arrived")
    assert await found(world, chen, "dar") == ["Our Darjeelings arrived"]
    assert await found(world, chen, "darjeeling") == ["Our Darjeelings arrived"]
    assert await found(world, chen, "darjeelingz") == []
    assert await found(world, chen, "jeeling") == []


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (Card(title="白毫银针", lines=[CardLine("数量", "三盒")], fallback="[商品]"), "三盒"),
        (Location(latitude=30, longitude=120, name="西湖店", address="杭州市龙井路1号"), "龙井路"),
        (Custom(name="vote", data={"q": "不在里面"}, fallback="投票：团建去哪里"), "团建"),
    ],
)
async def test_what_is_read_in_other_content_is_found(
    world: World, people: People, content: Content, query: str
) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    command = c.SendMessage(id=1, conversation_id=room, client_msg_id=key(), content=content)
    await world.messaging.messages.send(lin, command)
    await world.messaging.search.caught_up()
    assert len((await ask(world, chen, query)).hits) == 1
    assert not (await ask(world, chen, "不在里面")).hits


async def test_an_edited_message_is_found_by_its_last_words_alone(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    sent = await world.say(lin, room, "今天有普洱")
    await world.messaging.search.caught_up()
    await edit(world, lin, room, sent.seq, "今天有寿眉")
    await edit(world, lin, room, sent.seq, "今天有白茶")
    assert await found(world, chen, "普洱") == []
    assert await found(world, chen, "寿眉") == []
    assert await found(world, chen, "白茶") == ["今天有白茶"]
    assert await found(world, chen, "今天") == ["今天有白茶"]


async def test_a_recalled_message_is_never_found(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    early = await world.say(lin, room, "密码是红茶")
    await world.messaging.search.caught_up()
    late = await world.say(lin, room, "密码是绿茶")
    await edit(world, lin, room, late.seq, "密码是黄茶")
    await recall(world, lin, room, early.seq)
    await recall(world, lin, room, late.seq)
    for word in ("密码", "红茶", "绿茶", "黄茶"):
        assert await found(world, lin, word) == []
        assert await found(world, chen, word) == []


async def test_who_left_finds_what_was_said_before_and_nothing_said_or_edited_after(
    world: World, people: People
) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.group(lin, chen)
    before = await world.say(lin, room, "会议改到周三")
    other = await world.say(lin, room, "会议室在二楼")
    await leave(world, chen, room)
    await world.say(lin, room, "会议取消了")
    await edit(world, lin, room, before.seq, "会议的秘密")
    assert await found(world, chen, "会议") == ["会议室在二楼"]
    assert await found(world, chen, "秘密", conversation_id=room) == []
    assert await found(world, lin, "会议") == ["会议的秘密", "会议取消了", "会议室在二楼"]
    assert other.seq


async def test_who_joins_without_history_does_not_find_it(world: World, people: People) -> None:
    lin, chen, wu = people.add("lin"), people.add("chen"), people.add("wu")
    room = await world.group(lin, chen, history=False)
    early = await world.say(lin, room, "工资表发了")
    await let_in(world, lin, room, wu)
    await edit(world, lin, room, early.seq, "工资表改了")
    await world.say(lin, room, "工资下周发")
    assert await found(world, wu, "工资") == ["工资下周发"]


async def test_a_stranger_may_not_search_in_a_conversation(world: World, people: People) -> None:
    lin, chen, wu = people.add("lin"), people.add("chen"), people.add("wu")
    room = await world.direct(lin, chen)
    await world.say(lin, room, "龙井")
    with pytest.raises(AppError) as refused:
        await found(world, wu, "龙井", conversation_id=room)
    assert refused.value.code is ErrorCode.not_found


async def test_an_agent_searches_a_service_conversation_that_is_not_theirs_yet(
    world: World, people: People
) -> None:
    customer, agent = people.add("ke", UserKind.customer), people.add("agent")
    room = (
        await world.messaging.conversations.open_service(customer, "shop", customer.user_id)
    ).view.conversation.id
    await world.say(customer, room, "我的龙井呢")
    assert await found(world, agent, "龙井", conversation_id=room) == ["我的龙井呢"]
    assert await found(world, agent, "龙井") == []


async def test_whether_others_use_a_word_shows_in_nothing_of_the_answer(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest of budgets, so that whatever others' messages cost would show as a cursor."""
    monkeypatch.setattr(service, "MAX_OPENED", 3)
    monkeypatch.setattr(service, "BUDGET", 3 * matching.LOOKED_INTO)
    lin, chen, wu, xu = (people.add(name) for name in ("lin", "chen", "wu", "xu"))
    theirs, mine = await world.direct(lin, chen), await world.direct(wu, xu)
    for _ in range(40):
        await world.say(lin, theirs, "龙井真香")
    await world.say(wu, mine, "你好")
    await world.messaging.search.caught_up()
    said, unsaid = await ask(world, wu, "龙井"), await ask(world, wu, "从未")
    assert (said.hits, said.users, said.next_cursor) == (unsaid.hits, unsaid.users, unsaid.next_cursor)
    assert texts((await ask(world, wu, "你好")).hits) == ["你好"]


async def test_pages_follow_one_another_without_loss_or_repetition(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for number in range(25):
        await world.say(lin, room, f"龙井 {number}")
        if number % 10 == 9:
            await world.messaging.search.caught_up()
    seen = await every_page(world, chen, "龙井", limit=4)
    assert seen == [f"龙井 {number}" for number in reversed(range(25))]


async def every_page(world: World, caller: Caller, query: str, **more: Any) -> list[str]:
    await world.messaging.search.caught_up()
    seen: list[str] = []
    cursor = ""
    for _ in range(200):
        page = await ask(world, caller, query, cursor=cursor, **more)
        seen += texts(page.hits)
        cursor = page.next_cursor
        if not cursor:
            return seen
    raise AssertionError("the cursors never end")


async def test_a_cursor_of_another_search_or_of_nobody_is_refused(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for _ in range(3):
        await world.say(lin, room, "龙井")
    await world.messaging.search.caught_up()
    cursor = (await ask(world, chen, "龙井", limit=1)).next_cursor
    assert cursor
    for caller, query, forged in ((lin, "龙井", cursor), (chen, "井", cursor), (chen, "龙井", "AAAA")):
        with pytest.raises(AppError) as refused:
            await ask(world, caller, query, cursor=forged)
        assert refused.value.code is ErrorCode.bad_request


async def test_a_word_that_everybody_uses_costs_a_bounded_number_of_messages(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_OPENED", 20)
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    # The index knows no commas: every message is a candidate, and none says it.
    for _ in range(60):
        await world.say(lin, room, "茶的茶")
    await world.messaging.search.caught_up()
    opened = 0
    by_ids = log.by_ids

    def counted(connection: Any, ids: list[int]) -> Any:
        nonlocal opened
        opened += len(ids)
        return by_ids(connection, ids)

    monkeypatch.setattr(log, "by_ids", counted)
    page = await ask(world, chen, "茶的, 茶")
    assert opened <= 20
    assert page.hits == []
    assert page.next_cursor
    assert await every_page(world, chen, "茶的, 茶") == []


async def test_searching_for_nothing_that_can_be_found_gives_an_empty_page(
    world: World, people: People
) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    await world.say(lin, await world.direct(lin, chen), "，。！")
    assert await found(world, chen, "，。！") == []


async def test_a_conversation_whose_key_was_destroyed_is_not_found(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await world.say(lin, room, "龙井")
    assert await found(world, chen, "龙井") == ["龙井"]
    await world.db.write(
        lambda con: con.execute(
            sql("UPDATE conversations SET data_key = NULL WHERE id = :id"), {"id": room}
        ).close()
    )
    world.messaging.rooms.forget(room)
    assert await found(world, chen, "龙井") == []


async def test_a_damaged_key_keeps_its_own_conversation_alone_from_being_found(
    world: World, people: People
) -> None:
    lin, chen, wu = people.add("lin"), people.add("chen"), people.add("wu")
    broken, whole = await world.direct(lin, wu), await world.direct(lin, chen)
    await world.messaging.search.caught_up()
    await world.messaging.search.stop()
    await world.say(lin, broken, "龙井甲")
    await world.say(lin, whole, "龙井乙")
    await world.db.write(
        lambda con: con.execute(
            sql("UPDATE conversations SET data_key = :key WHERE id = :id"), {"key": bytes(69), "id": broken}
        ).close()
    )
    await world.restart()
    assert await found(world, lin, "龙井") == ["龙井乙"]


async def test_a_crash_between_batches_indexes_nothing_twice_and_forgets_nothing(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for number in range(10):
        await world.say(lin, room, f"龙井 {number}")
    await world.messaging.search.caught_up()
    real = search.put_blocks

    def torn(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(search, "put_blocks", torn)
    for number in range(10, 20):
        await world.say(lin, room, f"龙井 {number}")
    feed = world.messaging.search.feed
    feed._hurried.set()
    async with asyncio.timeout(5):
        while not feed.failures:
            await asyncio.sleep(0.005)
    assert world.messaging.search.lag_ms >= 0
    assert len(await sizes(world)) == 1
    monkeypatch.setattr(search, "put_blocks", real)
    await world.restart()
    expected = [f"龙井 {number}" for number in reversed(range(20))]
    assert await every_page(world, chen, "龙井", limit=7) == expected
    assert sum(messages for _, _, messages in await sizes(world)) == 20


async def test_a_merge_that_a_crash_cut_short_is_cleaned_up_and_done_again(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "TOGETHER", 4)
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await stop_merging(world)
    for number in range(4):
        await world.say(lin, room, f"龙井 {number}")
        await world.messaging.search.caught_up()
    real = search.replace

    def torn(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(search, "replace", torn)
    with pytest.raises(RuntimeError, match="power cut"):
        await world.messaging.search.merger.run()
    monkeypatch.setattr(search, "replace", real)
    await world.restart()
    await stop_merging(world)
    await world.messaging.search.merger.run()
    assert [messages for _, _, messages in await sizes(world)] == [4]
    ids = await world.db.read(
        lambda con: con.exec_driver_sql("SELECT DISTINCT segment_id FROM search_blocks").fetchall()
    )
    assert len(ids) == 1
    assert await found(world, chen, "龙井") == [f"龙井 {number}" for number in reversed(range(4))]


async def test_a_merge_that_another_process_cleaned_up_meanwhile_takes_nothing_away(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "TOGETHER", 4)
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await stop_merging(world)
    for number in range(4):
        await world.say(lin, room, f"龙井 {number}")
        await world.messaging.search.caught_up()
    real = search.begin

    def begun_and_cleaned(connection: Any, sources: Any) -> int:
        new = real(connection, sources)
        search.drop_unfinished(connection)
        return new

    monkeypatch.setattr(search, "begin", begun_and_cleaned)
    with pytest.raises(search.Overtaken):
        await world.messaging.search.merger.run()
    monkeypatch.setattr(search, "begin", real)
    await world.messaging.search.merger.clean()
    assert [messages for _, _, messages in await sizes(world)] == [1, 1, 1, 1]
    assert await found(world, chen, "龙井") == [f"龙井 {number}" for number in reversed(range(4))]


async def test_the_lag_is_how_long_the_oldest_unindexed_entry_waits(world: World, people: People) -> None:
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await world.messaging.search.caught_up()
    assert (await ask(world, chen, "龙井")).lag_ms == 0
    await world.say(lin, room, "龙井")
    world.now += 700
    assert (await ask(world, chen, "龙井")).lag_ms == 700
    await world.messaging.search.caught_up()
    assert (await ask(world, chen, "龙井")).lag_ms == 0


async def stop_merging(world: World) -> None:
    task = world.messaging.search._merging
    assert task is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_search_that_is_switched_off_says_so(tmp_path: Path) -> None:
    world = World(tmp_path / "off.db")
    world.messaging.search._enabled = False
    await world.open()
    lin, chen = world.people.add("lin"), world.people.add("chen")
    await world.say(lin, await world.direct(lin, chen), "龙井")
    with pytest.raises(AppError) as refused:
        await ask(world, lin, "龙井")
    assert refused.value.code is ErrorCode.unavailable
    assert await sizes(world) == []
    await world.close()


WORDS = ("龙井", "井茶", "茶", "龙", "tea", "Tea pot", "ＴＥＡ", "，", " ", "123456789", "好", "🍵", "的")
said = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map("".join), min_size=1, max_size=30
)
asked = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("".join)


def naively(texts: list[str], query: str) -> list[str]:
    words = fold(query).split()
    latin = [part[:8] for word in words for part in re.findall("[a-z0-9]+", word)]
    searchable = latin or any(ch.isalnum() or ch == "🍵" for ch in fold(query))
    return [
        text
        for text in reversed(texts)
        if searchable
        and all(word in fold(text) for word in words)
        and all(
            any(whole.startswith(part) for whole in re.findall("[a-z0-9]+", fold(text))) for part in latin
        )
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=said, queries=st.lists(asked, min_size=1, max_size=5), batch=st.integers(1, 5))
async def test_whatever_is_merged_the_index_finds_what_a_scan_finds(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], queries: list[str], batch: int
) -> None:
    world = World(tmp_path_factory.mktemp("search") / "chaguan.db")
    world.messaging.search.feed._chunk = batch
    world.messaging.search.feed._gather_s = 0
    lin, chen, wu = (world.people.add(name) for name in ("lin", "chen", "wu"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "TOGETHER", 2)
        patch.setattr(merging, "MAX_MESSAGES", 12)
        patch.setattr(merging, "PART_BLOCKS", 1)
        patch.setattr("chaguan.messaging.search.segments.BLOCK_BYTES", 200)
        await world.open()
        mine, other = await world.direct(lin, chen), await world.direct(lin, wu)
        for at, text in enumerate(texts):
            await world.say(lin, other if at % 3 == 2 else mine, text)
        own = [text for at, text in enumerate(texts) if at % 3 != 2]
        before = [await every_page(world, chen, query, limit=3) for query in queries]
        await world.messaging.search.merger.run()
        after = [await every_page(world, chen, query, limit=3) for query in queries]
        expected = [naively(own, query) for query in queries]
        assert before == expected
        assert after == expected
        await world.close()
