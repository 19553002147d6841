"""What is said to those who look elsewhere."""

from chaguan.desk import Alert, AlertKind, Wait
from chaguan.notify.words import Alerted, Told, alert_notice, alert_topic, as_text, duration, notice

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


def alert(n: int = 1, **more) -> Alert:
    given = {"kind": AlertKind.rule, "rule": f"r{n}", "shop_id": "sh_1", "conversation_id": "s_1", **more}
    return Alert(key=f"s_1:{n}", at=NOW, case_id="k_1", **given)


def test_one_thing_is_told_by_name_with_a_link_to_its_case():
    said = alert_notice(Alerted([alert()], {"sh_1": "茶铺"}), "zh-CN")
    assert said == ("规则「r1」", "茶铺", "/console/#/desk/s_1")
    missed = alert(kind=AlertKind.missed, target="first_reply", limit_s=120)
    assert alert_notice(Alerted([missed], {}), "en").title == "First reply over 2 min"
    near = alert(kind=AlertKind.near, target="resolution", limit_s=3_600)
    assert alert_notice(Alerted([near], {}), "zh-CN").title == "解决用时即将超过 1 小时 0 分钟"


def test_many_things_are_one_text_each_once_and_not_without_end():
    told = Alerted([alert(), alert(), *(alert(n) for n in range(2, 9))], {"sh_1": "茶铺"})
    said = alert_notice(told, "en")
    assert said.title == "9 things need a look"
    assert said.text.splitlines() == ["Rule “r1” ×2", *(f"Rule “r{n}”" for n in range(2, 6)), "and 3 more"]


def test_of_several_shops_each_thing_says_whose_it_is():
    told = Alerted(
        [alert(), alert(2, shop_id="sh_2", conversation_id="s_2")], {"sh_1": "茶铺", "sh_2": "茶馆"}
    )
    said = alert_notice(told, "zh-CN")
    assert said.text.splitlines() == ["规则「r1」 · 茶铺", "规则「r2」 · 茶馆"]
    assert said.path == "/console/#/desk"


def test_the_same_thing_has_the_same_topic_and_it_fits_into_a_header():
    assert alert_topic([alert(), alert(2)]) == alert_topic([alert()]) != alert_topic([alert(2)])
    assert len(alert_topic([alert()])) <= 32
