"""What is said to those who look elsewhere."""

from chaguan.desk import Wait
from chaguan.notify.words import Told, as_text, duration, notice

NOW = 1_790_000_000_000


def told(*waited_s: int, attended: bool = True, **more: str) -> Told:
    late = [Wait(f"k_{n}", f"s_{n}", "u_wang", "sh_1", "", NOW - s * 1000) for n, s in enumerate(waited_s)]
    return Told(late, {"sh_1": "茶铺", "sh_2": "茶馆"}, attended, NOW, **more)


def test_one_customer_is_told_with_a_link_to_the_case():
    said = notice(told(125), "zh-CN")
    assert (said.title, said.text) == ("有顾客在等待", "茶铺 · 已等 2 分钟")
    assert said.path == "/console/#/desk/s_0"
    said = notice(told(45), "en")
    assert (said.title, said.text) == ("A customer is waiting", "茶铺 · for 45 s")


def test_many_are_told_in_one_text_with_the_longest_wait():
    said = notice(told(60, 250, 90, 61, 70), "en")
    assert (said.title, said.text) == ("5 customers are waiting", "茶铺 · longest 4 min")
    assert said.path == "/console/#/desk"
    assert notice(told(60, 250), "zh-CN").title == "2 位顾客在等待"


def test_that_nobody_is_online_is_said():
    assert "没有客服在线" in notice(told(60, attended=False), "zh-CN").text
    assert "nobody is online" in notice(told(60, attended=False), "en").text


def test_of_several_shops_none_is_named():
    several = told(60, 90)
    several = several._replace(late=[several.late[0], several.late[1]._replace(shop_id="sh_2")])
    assert notice(several, "zh-CN").text == "2 家店铺 · 最久已等 1 分钟"


def test_no_word_of_the_customer_unless_it_was_given():
    assert "：" not in notice(told(60), "zh-CN").text
    assert notice(told(60, name="王", said="红茶还有吗"), "zh-CN").text.endswith("\n王：红茶还有吗")
    assert len(notice(told(60, name="王", said="茶" * 500), "en").text) < 140


def test_a_group_gets_a_link_only_where_there_is_an_address_and_its_keyword_always():
    said = notice(told(60), "zh-CN")
    assert as_text(said, "", "").splitlines() == ["有顾客在等待", "茶铺 · 已等 1 分钟"]
    lines = as_text(said, "https://im.shop.example/", "茶馆提醒").splitlines()
    assert lines[2:] == ["https://im.shop.example/console/#/desk/s_0", "茶馆提醒"]
    assert as_text(said, "", "顾客") == as_text(said, "", "")


def test_durations_are_short_in_both_languages():
    assert [duration(ms, "zh-CN") for ms in (-5, 59_999, 60_000, 3_661_000)] == [
        "0 秒",
        "59 秒",
        "1 分钟",
        "1 小时 1 分钟",
    ]
    assert [duration(ms, "en") for ms in (1_000, 119_000, 7_200_000)] == ["1 s", "1 min", "2 h 0 min"]
