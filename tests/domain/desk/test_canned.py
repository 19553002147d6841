"""Canned replies: who keeps which, what may be written down, how use counts."""

import pytest

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError
from chaguan.desk.canned import CannedReplies, Format, Place
from chaguan.protocol.canned import CannedSpec
from chaguan.protocol.content import Card, Image
from tests.domain.desk.conftest import SHOP, Shop

OWN, SHARED = Place(False), Place(True)
DAY = 86_400_000


class Pictures:
    """Media as far as replies know it: who uploaded which."""

    def __init__(self) -> None:
        self.owners = {"m_boss": "u_boss", "m_mei": "u_mei"}

    async def attach(self, caller: Caller, content: Image) -> Image:
        if self.owners.get(content.media_id) != caller.user_id:
            from chaguan.core.errors import ErrorCode

            raise AppError(ErrorCode.bad_request, "foreign", reason="unknown_media")
        return content

    def link(self, media_id: str, variant: str = "original") -> str:
        return f"/m/{media_id}/{variant}"


@pytest.fixture
def canned(shop: Shop) -> CannedReplies:
    return CannedReplies(shop.db, Pictures(), lambda: shop.now)


@pytest.fixture
def mei(shop: Shop) -> Caller:
    return shop.staff("mei")


@pytest.fixture
def boss(shop: Shop) -> Caller:
    return shop.staff("boss", Role.owner)


def spec(shortcut: str = "hi", **more) -> CannedSpec:
    return CannedSpec(**{"shortcut": shortcut, "title": "问好", "texts": {"zh-CN": "您好"}, **more})


async def reason(coroutine) -> str:
    with pytest.raises(AppError) as refused:
        await coroutine
    return refused.value.data.get("reason") or refused.value.code.value


async def test_agents_have_their_own_and_the_shared_ones_and_nobody_elses(canned, shop, mei, boss):
    mine = await canned.create(mei, OWN, spec("mine"))
    shared = await canned.create(boss, SHARED, spec("all"))
    await canned.create(boss, OWN, spec("boss"))
    assert [each.id for each in await canned.list_replies(mei)] == [mine.id, shared.id]
    assert (mine.owner_id, shared.owner_id) == ("u_mei", "")
    lin = shop.staff("lin")
    assert await reason(canned.replace(lin, mine.id, spec("x"))) == "not_found"
    assert await reason(canned.remove(boss, mine.id)) == "not_found"
    assert await reason(canned.note_used(lin, mine.id)) == "not_found"


async def test_only_administrators_change_what_is_shared_and_it_is_recorded(canned, shop, mei, boss):
    shared = await canned.create(boss, SHARED, spec())
    for attempt in (
        canned.create(mei, SHARED, spec("x")),
        canned.replace(mei, shared.id, spec("x")),
        canned.remove(mei, shared.id),
        canned.load(mei, SHARED, b"[]", Format.json),
    ):
        assert await reason(attempt) == "forbidden"
    await canned.replace(boss, shared.id, spec("hello"))
    await canned.remove(boss, shared.id)
    acts = await shop.db.read(_actions)
    assert acts == ["reply_created", "reply_changed", "reply_removed"]


def _actions(connection):
    from sqlalchemy import text

    return [row.action for row in connection.execute(text("SELECT action FROM audit ORDER BY id"))]


async def test_customers_and_staff_without_desk_get_none(canned, shop):
    for who in (
        shop.customer("amy"),
        shop.staff("cook", Role.member),
        Caller("server", "k", scopes=frozenset()),
    ):
        assert await reason(canned.list_replies(who)) == "forbidden"
        assert await reason(canned.create(who, OWN, spec())) == "forbidden"
        assert await reason(canned.export(who, SHARED, Format.csv)) == "forbidden"


async def test_a_shortcut_is_taken_once_in_its_place(canned, mei, boss):
    await canned.create(boss, SHARED, spec("Hi"))
    assert await reason(canned.create(boss, SHARED, spec("/hi"))) == "taken"
    await canned.create(boss, Place(True, SHOP), spec("hi"))
    other = await canned.create(mei, OWN, spec("hi"))
    second = await canned.create(mei, OWN, spec("bye"))
    assert await reason(canned.replace(mei, second.id, spec("hi"))) == "taken"
    assert (await canned.replace(mei, other.id, spec("hi", title="neu"))).title == "neu"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"shortcut": "a b"}, "field"),
        ({"shortcut": "/"}, "field"),
        ({"title": "  "}, "field"),
        ({"texts": {}}, "empty"),
        ({"texts": {"zh CN": "x"}}, "field"),
        ({"texts": {"en": "Dear {{customer.password}}"}}, "variable"),
        ({"texts": {"en": "{{ }}"}}, "variable"),
        ({"contents": [Image(media_id="m_mei")]}, "unknown_media"),
    ],
)
async def test_what_nobody_can_send_is_refused(canned, boss, wrong, expected):
    assert await reason(canned.create(boss, SHARED, spec(**wrong))) == expected


async def test_texts_name_the_known_variables(canned, mei):
    text = "{{customer.name}}您好，{{ order.number }}：{{order.status}}"
    made = await canned.create(mei, OWN, spec(texts={"zh-CN": text}))
    assert made.texts["zh-CN"] == text


async def test_a_picture_has_a_link_and_stays_when_a_colleague_writes_the_text_anew(canned, shop, boss):
    made = await canned.create(boss, SHARED, spec(contents=[Image(media_id="m_boss"), Card(title="茶")]))
    assert made.contents[0].url == "/m/m_boss/original"
    ada = shop.staff("ada", Role.admin)
    again = await canned.replace(ada, made.id, spec(texts={"en": "Hello"}, contents=made.contents))
    assert [type(each) for each in again.contents] == [Image, Card]
    assert (
        await reason(canned.replace(ada, made.id, spec(contents=[Image(media_id="m_mei")])))
        == "unknown_media"
    )


async def test_what_is_used_often_and_lately_scores_higher_and_fades(canned, shop, mei):
    often, lately = (
        await canned.create(mei, OWN, spec("often")),
        await canned.create(mei, OWN, spec("lately")),
    )
    for _ in range(3):
        await canned.note_used(mei, often.id)
    shop.now += 28 * DAY
    await canned.note_used(mei, lately.id)
    scores = {each.shortcut: each.score for each in await canned.list_replies(mei)}
    assert scores == {"often": 750, "lately": 1000}


async def test_a_shop_has_its_own_and_what_all_have(canned, mei, boss):
    for shop_id, shortcut in (("", "all"), (SHOP, "tea"), ("s_other", "other")):
        await canned.create(boss, Place(True, shop_id), spec(shortcut))
    assert [each.shortcut for each in await canned.list_replies(mei, SHOP)] == ["all", "tea"]


CSV = """shortcut,title,folder,tags,text_zh-CN,text_en,contents
hi,问好,日常,"a, b",您好 {{customer.name}},Hello,
bad one,空格,,,x,,
hi,两次,,,x,,
,没有,,,x,,
v,变量,,,{{secret}},,
e,空,,,,,
card,卡片,,,,,"[{""type"": ""card"", ""title"": ""龙井""}]"
broken,卡片,,,x,,not json
more,列,,,x,,,,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_broken_rows_are_named_by_line_and_the_others_taken(canned, mei, encoding):
    done = await canned.load(mei, OWN, CSV.encode(encoding), Format.csv)
    assert (done.created, done.changed) == (2, 0)
    found = [(fault.line, fault.code) for fault in done.faults]
    assert found == [
        (3, "field"),
        (4, "twice"),
        (5, "field"),
        (6, "variable"),
        (7, "empty"),
        (9, "field"),
        (10, "columns"),
    ]
    assert done.faults[3].data == {"field": "texts", "names": "secret"}
    hi = (await canned.list_replies(mei))[1]
    assert (hi.shortcut, hi.folder, hi.tags) == ("hi", "日常", ["a", "b"])


async def test_a_trial_changes_nothing(canned, mei):
    done = await canned.load(mei, OWN, CSV.encode(), Format.csv, is_trial=True)
    assert done.created == 2 and await canned.list_replies(mei) == []


@pytest.mark.parametrize("form", list(Format))
async def test_what_is_exported_comes_back_as_it_was(canned, mei, boss, form):
    card = Card(title="龙井", fallback="x")
    await canned.create(
        mei, OWN, spec("a", texts={"en": "=1+1", "de": "'quoted\nlines"}, tags=["x"], contents=[card])
    )
    await canned.create(mei, OWN, spec("b", folder="-f"))
    raw = await canned.export(mei, OWN, form)
    if form is Format.csv:
        assert b",=1+1" not in raw
    done = await canned.load(boss, OWN, raw, form)
    assert (done.created, done.faults) == (2, [])
    theirs = [_plain(each) for each in await canned.list_replies(boss)]
    assert theirs == [_plain(each) for each in await canned.list_replies(mei)]
    assert (await canned.load(boss, OWN, raw, form)).changed == 2


def _plain(reply):
    return reply.shortcut, reply.title, reply.folder, reply.tags, reply.texts, reply.contents


@pytest.mark.parametrize("raw", [b"{", b"[1, 2", b'{"replies": 3}', b"[" * 5000])
async def test_json_that_is_none_is_one_fault(canned, mei, raw):
    done = await canned.load(mei, OWN, raw, Format.json)
    assert [fault.code for fault in done.faults] == ["json"] and done.created == 0


async def test_a_file_brings_no_pictures_of_others(canned, mei):
    raw = b'[{"shortcut": "p", "title": "p", "contents": [{"type": "image", "media_id": "m_boss"}]}, 7]'
    done = await canned.load(mei, OWN, raw, Format.json)
    assert done.created == 0 and [fault.line for fault in done.faults] == [1, 2]
