"""Finding notes by their words, on both databases: who finds which, page by page, and that no customer does."""

import pytest

import chaguan.desk.note_search as module
from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from chaguan.protocol.notes import FoundNotes
from tests.domain.desk.conftest import Shop
from tests.domain.desk.test_notes import scene as scene  # a fixture
from tests.domain.desk.test_notes import write
from tests.domain.messaging.conftest import key


async def page(shop: Shop, who: Caller, query: str, **more) -> FoundNotes:
    return await shop.desk.note_search.search(who, c.SearchNotes(id=1, query=query, **more))


async def found(shop: Shop, who: Caller, query: str, **more) -> list[str]:
    return [each.note.text for each in (await page(shop, who, query, **more)).notes]


async def test_a_note_is_found_by_all_of_its_words_the_newest_first(scene):
    shop, room, amy, mei, boss = scene
    await write(shop, mei, room, "她要 Invoice，抬头是茶铺")
    shop.now += 1_000
    await write(shop, boss, room, "发票（invoice）已开")
    await shop.say(amy, room, "invoice")
    assert await found(shop, mei, "INVOICE") == ["发票（invoice）已开", "她要 Invoice，抬头是茶铺"]
    assert await found(shop, mei, "抬头 invoice") == ["她要 Invoice，抬头是茶铺"]
    assert await found(shop, mei, "ｉｎｖｏｉｃｅ 已开") == ["发票（invoice）已开"]
    assert await found(shop, mei, "没有的") == await found(shop, mei, "  ") == []
    (one,) = (await page(shop, mei, "抬头")).notes
    assert (one.customer_id, one.note.author_id) == (amy.user_id, mei.user_id)


async def test_no_customer_finds_a_note_neither_here_nor_among_messages(scene):
    shop, room, amy, mei, _boss = scene
    await write(shop, mei, room, "她上次骗了退款")
    for more in ({}, {"conversation_id": room}):
        with pytest.raises(AppError) as refused:
            await page(shop, amy, "骗了", **more)
        assert refused.value.code is ErrorCode.forbidden
    await shop.messaging.search.caught_up()
    for who in (amy, mei):
        hits = await shop.messaging.search.search(who, c.SearchMessages(id=1, query="骗了"))
        assert hits.hits == []


async def test_one_finds_the_notes_of_ones_own_cases_and_where_one_wrote_or_was_named(scene):
    shop, room, _amy, mei, _boss = scene
    lin = shop.staff("lin")
    other = await shop.asks(shop.customer("bob"))
    await write(shop, mei, room, "退款：已同意")
    shop.now += 1  # of two conversations, either note of the same moment could be the newest
    await write(shop, mei, other, "退款：等财务")
    assert await found(shop, mei, "退款") == ["退款：等财务", "退款：已同意"]
    assert await found(shop, lin, "退款") == []
    assert await found(shop, lin, "退款", conversation_id=other) == ["退款：等财务"]
    await write(shop, mei, other, "阿林看一下", mentions=[lin.user_id])
    assert await found(shop, lin, "退款") == ["退款：等财务"]


async def test_a_whisper_is_found_by_whom_it_is_for_and_by_supervisors(scene):
    shop, room, _amy, mei, boss = scene
    lin = shop.staff("lin")
    await write(shop, boss, room, "给她优惠券", whisper=True)
    assert await found(shop, mei, "优惠券") == await found(shop, boss, "优惠券") == ["给她优惠券"]
    ada = shop.staff("ada", Role.admin)
    assert await found(shop, ada, "优惠券", conversation_id=room) == ["给她优惠券"]
    assert await found(shop, lin, "优惠券", conversation_id=room) == []


async def test_what_a_note_says_now_is_found_and_what_was_taken_back_is_not(scene):
    shop, room, _amy, mei, _boss = scene
    at = {"id": 1, "conversation_id": room}
    note = await write(shop, mei, room, "寄到杭州")
    edit = c.EditNote(**at, client_msg_id=key(), seq=note.seq, text="寄到苏州")
    await shop.desk.notes.edit(mei, edit)
    assert (await found(shop, mei, "杭州"), await found(shop, mei, "苏州")) == ([], ["寄到苏州"])
    remove = c.RemoveNote(**at, client_msg_id=key(), seq=note.seq)
    await shop.desk.notes.remove(mei, remove)
    assert await found(shop, mei, "苏州") == []


async def test_pages_follow_one_another_and_a_page_looks_through_so_many_notes_at_most(scene, monkeypatch):
    shop, room, _amy, mei, _boss = scene
    for n in range(7):
        await write(shop, mei, room, f"第{n}条" + ("，重要" if n % 3 == 0 else ""))
    first = await page(shop, mei, "重要", limit=2)
    assert [each.note.text for each in first.notes] == ["第6条，重要", "第3条，重要"]
    rest = await page(shop, mei, "重要", limit=2, cursor=first.next_cursor)
    assert ([each.note.text for each in rest.notes], rest.next_cursor) == (["第0条，重要"], "")
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "PAGE", 2)
    texts, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        answer = await page(shop, mei, "重要", cursor=cursor)
        texts += [each.note.text for each in answer.notes]
        cursor, pages = answer.next_cursor, pages + 1
        assert pages < 9
    assert texts == ["第6条，重要", "第3条，重要", "第0条，重要"]
    assert pages >= 4


@pytest.mark.parametrize("cursor", ["x", "1.2", "a.b.c", f"{1 << 70}.1.s_x", "-1.1.s_x"])
async def test_a_cursor_of_ones_own_making_is_refused(scene, cursor: str):
    shop, _room, _amy, mei, _boss = scene
    with pytest.raises(AppError) as refused:
        await page(shop, mei, "x", cursor=cursor)
    assert refused.value.code is ErrorCode.bad_request
