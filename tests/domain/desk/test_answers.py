"""A shop's list of questions: kept, taken in, given out, tried; on both databases."""

import json

import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import answers as answers_module
from chaguan.protocol.automation import FaqSpec, FaqText
from chaguan.protocol.content import Card, Image
from tests.domain.desk.conftest import SHOP, Shop

REFUND = FaqText(question="退款多久到账？", similar=["退的钱什么时候到"], answer="三天内到账。")
REFUND_EN = FaqText(question="How long does a refund take?", answer="Within three days.")
SHIPPING = FaqText(question="什么时候发货？", answer="当天发货。")


def boss(shop: Shop):
    return shop.staff("boss", Role.owner)


async def put(shop: Shop, *, id: str = "", **texts: FaqText):
    spec = FaqSpec(texts={name.replace("_", "-"): text for name, text in texts.items()})
    return await shop.desk.automation.answers.put(boss(shop), SHOP, id, spec)


async def take_in(shop: Shop, file: bytes, **how):
    how = {"is_csv": True, "replace": False, "good_only": False} | how
    return await shop.desk.automation.answers.take_in(boss(shop), SHOP, file, **how)


async def questions(shop: Shop, words: str = "") -> list[str]:
    page = await shop.desk.automation.answers.page(boss(shop), SHOP, words, 200, 0)
    return [next(iter(entry.texts.values())).question for entry in page.entries]


async def test_what_was_saved_is_what_the_next_question_finds(shop: Shop):
    answers = shop.desk.automation.answers
    entry = await put(shop, zh_CN=REFUND, en=REFUND_EN)
    await put(shop, zh_CN=SHIPPING)
    trial = await answers.try_out(boss(shop), SHOP, "退款多久能到")
    assert (trial.ranked[0].entry_id, trial.ranked[0].language, trial.entries) == (entry.id, "zh-CN", 3)
    assert trial.ranked[0].score > 0.5 and trial.ranked[0].signs["likeness"] > 0.3
    english = await answers.try_out(boss(shop), SHOP, "how long does my refund take")
    assert (english.ranked[0].entry_id, english.ranked[0].language) == (entry.id, "en")
    await put(shop, id=entry.id, zh_CN=FaqText(question="怎么开发票？", answer="在订单里申请。"))
    trial = await answers.try_out(boss(shop), SHOP, "怎么开发票")
    assert trial.ranked[0].entry_id == entry.id
    await answers.remove(boss(shop), SHOP, entry.id)
    assert await questions(shop) == ["什么时候发货？"]
    assert all(each.entry_id != entry.id for each in (await answers.try_out(boss(shop), SHOP, "发票")).ranked)


async def test_what_is_switched_off_is_kept_and_not_found(shop: Shop):
    spec = FaqSpec(texts={"zh-CN": REFUND}, enabled=False)
    await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)
    trial = await shop.desk.automation.answers.try_out(boss(shop), SHOP, "退款多久到账")
    assert (trial.decision, trial.ranked, trial.entries) == ("unknown", [], 0)
    assert await questions(shop) == ["退款多久到账？"]


async def test_a_page_finds_words_as_they_are_written(shop: Shop):
    await put(shop, zh_CN=FaqText(question="满 100% 怎么减？", answer="Ask_us"))
    await put(shop, zh_CN=SHIPPING)
    assert await questions(shop, "100%") == ["满 100% 怎么减？"]
    assert await questions(shop, "ask_us") == ["满 100% 怎么减？"]
    assert await questions(shop, "%") == ["满 100% 怎么减？"]


async def test_agents_read_and_try_and_only_administrators_change(shop: Shop):
    mei, answers = shop.staff("mei"), shop.desk.automation.answers
    await put(shop, zh_CN=REFUND)
    assert (await answers.page(mei, SHOP, "", 10, 0)).total == 1
    await answers.try_out(mei, SHOP, "退款")
    for refused in (
        answers.put(mei, SHOP, "", FaqSpec(texts={"zh-CN": SHIPPING})),
        answers.take_in(mei, SHOP, b"", is_csv=True, replace=True, good_only=False),
        answers.remove(mei, SHOP, "f"),
        answers.page(shop.customer("wang"), SHOP, "", 10, 0),
        answers.give_out(shop.customer("wang"), SHOP, is_csv=True),
    ):
        with pytest.raises(AppError, match="forbidden"):
            await refused


async def test_a_file_with_broken_rows_changes_nothing_and_names_each(shop: Shop):
    await put(shop, zh_CN=SHIPPING)
    file = "问题,答案\n退款多久到账？,三天内。\n,没有问题\n包邮吗？,\n"
    report = await take_in(shop, file.encode(), replace=True)
    assert (report.stored, report.bad_rows) == (False, 2)
    assert [(each.line, each.reason) for each in report.faults] == [(3, "no_question"), (4, "no_answer")]
    assert await questions(shop) == ["什么时候发货？"]
    good = await take_in(shop, file.encode(), good_only=True)
    assert (good.stored, good.added, good.bad_rows) == (True, 1, 2)
    assert await questions(shop) == ["什么时候发货？", "退款多久到账？"]


async def test_taking_the_same_file_in_again_changes_what_it_made(shop: Shop):
    file = "id,language,question,answer\nrefund,zh,退款多久到账？,三天\nrefund#en,en,How long?,Three days\n,,包邮吗？,包\n"
    first = await take_in(shop, file.encode())
    assert (first.added, first.changed) == (2, 0)
    again = await take_in(shop, file.replace("三天", "两天").encode())
    assert (again.added, again.changed) == (0, 2)
    (refund, _) = (await shop.desk.automation.answers.page(boss(shop), SHOP, "", 10, 0)).entries
    assert (refund.id, set(refund.texts)) == ("refund", {"zh-CN", "en"})
    assert refund.texts["zh-CN"].answer == "两天"
    replaced = await take_in(shop, "question,answer\n新问题,新答案\n".encode(), replace=True)
    assert (replaced.added, replaced.removed) == (1, 2)
    assert await questions(shop) == ["新问题"]


@pytest.mark.parametrize("is_csv", [True, False])
async def test_what_is_given_out_is_taken_in_the_same(shop: Shop, is_csv: bool):
    text = FaqText(question="=SUM(A1) 是什么？", similar=["-1 呢", '引号"和,逗号'], answer="+86 这样\n两行")
    await put(shop, zh_CN=text, en=REFUND_EN)
    await put(shop, en=FaqText(question="Do you ship abroad?", answer="Yes."))
    before = (await shop.desk.automation.answers.page(boss(shop), SHOP, "", 10, 0)).entries
    file = await shop.desk.automation.answers.give_out(boss(shop), SHOP, is_csv=is_csv)
    if is_csv:
        assert not any(line.startswith((b"=", b"+", b"-")) for line in file.replace(b",", b"\n").split(b"\n"))
    report = await take_in(shop, file, is_csv=is_csv, replace=True)
    assert (report.stored, report.changed, report.removed) == (True, 2, 0)
    after = (await shop.desk.automation.answers.page(boss(shop), SHOP, "", 10, 0)).entries
    assert [entry.texts for entry in after] == [entry.texts for entry in before]


async def test_an_import_keeps_the_pictures_and_cards_of_what_it_changes(shop: Shop):
    card = Card("看订单", page="/pages/orders")
    spec = FaqSpec(texts={"zh-CN": REFUND}, contents=[card])
    entry = await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)
    file = f"id,question,answer\n{entry.id},退款多久到账？,一天\n"
    await take_in(shop, file.encode())
    (kept,) = (await shop.desk.automation.answers.page(boss(shop), SHOP, "", 10, 0)).entries
    assert (kept.contents, kept.texts["zh-CN"].answer) == ([card], "一天")


async def test_files_that_are_no_list_or_a_bomb_are_refused_or_named(shop: Shop):
    async def refused(file: bytes, **how) -> str:
        with pytest.raises(AppError) as caught:
            await take_in(shop, file, **how)
        return caught.value.code.value

    assert await refused(b"x" * (8 * 1024 * 1024 + 1)) == "too_large"
    assert await refused(b"a,b\n1,2\n") == "bad_request"
    assert await refused(b"[" * 100_000, is_csv=False) == "bad_request"
    assert await refused(b"\xff\xfe\x00", is_csv=False) == "bad_request"
    deep = b'{"entries":[' + b"[" * 50_000 + b"]" * 50_000 + b"]}"
    report_or_code = await _outcome(shop, deep)
    assert report_or_code in ("bad_request", "not_an_entry")
    many = "question,answer\n" + "".join(f"问题{n}？,答案\n" for n in range(5_003))
    report = await take_in(shop, many.encode())
    assert (report.stored, report.bad_rows, report.faults[0].reason) == (False, 3, "too_many_entries")
    rows = json.dumps({"entries": [{"texts": {"fr": {}}}, {"texts": {}}, 7, {"id": "x" * 65}] * 100})
    report = await take_in(shop, rows.encode(), is_csv=False)
    assert (report.stored, report.bad_rows, len(report.faults)) == (False, 400, 200)
    assert {each.reason for each in report.faults} == {"not_an_entry"}
    assert report.faults[2].line == 3
    assert await questions(shop) == []


async def _outcome(shop: Shop, file: bytes) -> str:
    try:
        return (await take_in(shop, file, is_csv=False)).faults[0].reason
    except AppError as error:
        return error.code.value


async def test_a_list_has_bounds_that_hold_however_it_grows(shop: Shop, monkeypatch):
    monkeypatch.setattr(answers_module, "MAX_TEXTS", 3)
    await put(shop, zh_CN=REFUND, en=REFUND_EN)
    await put(shop, zh_CN=SHIPPING)
    with pytest.raises(AppError) as caught:
        await put(shop, zh_CN=FaqText(question="还有呢？", answer="没了"))
    assert (caught.value.code, caught.value.data["reason"]) == (ErrorCode.conflict, "too_many")
    with pytest.raises(AppError):
        await take_in(shop, b"question,answer\na,b\n")
    assert await questions(shop) == ["退款多久到账？", "什么时候发货？"]


async def test_a_picture_is_attached_as_whoever_saves_it(shop: Shop):
    async def attach(caller, content):
        if isinstance(content, Image) and content.media_id != f"m_{caller.user_id}":
            raise AppError(ErrorCode.bad_request, "unknown or foreign media", reason="unknown_media")
        return content

    shop.desk.automation.answers.attach = attach
    spec = FaqSpec(texts={"zh-CN": REFUND}, contents=[Image("m_u_boss")])
    entry = await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)
    assert entry.contents == [Image("m_u_boss")]
    with pytest.raises(AppError, match="foreign"):
        spec = FaqSpec(texts={"zh-CN": REFUND}, contents=[Image("m_u_other")])
        await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)


async def test_a_question_of_a_hundred_kilobytes_is_answered_at_once(shop: Shop):
    await put(shop, zh_CN=REFUND)
    trial = await shop.desk.automation.answers.try_out(boss(shop), SHOP, "退款" * 50_000)
    assert trial.entries == 1


async def test_two_nodes_answer_by_what_either_saved(shop: Shop):
    other = shop.another_desk()
    assert (await other.automation.answers.try_out(boss(shop), SHOP, "退款")).entries == 0
    await put(shop, zh_CN=REFUND)
    assert (await other.automation.answers.try_out(boss(shop), SHOP, "退款")).entries == 1
    await other.stop()
