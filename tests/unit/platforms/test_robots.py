"""Group robots: addresses, signatures, answers, and the sandbox that plays their vendors."""

import msgspec
import pytest

from chaguan.core.errors import AppError
from chaguan.core.settings import RobotSites
from chaguan.platforms.robots import Robot, Vendor, harmless, read_address
from chaguan.platforms.robots.answers import read_answer
from chaguan.platforms.robots.client import _clipped, request_of
from chaguan.platforms.sandbox.robots import MUTED_MS, RobotError, SandboxRobots

SITES = RobotSites()
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("address", "vendor"),
    [
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", Vendor.wecom),
        (f"  https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}\n", Vendor.feishu),
        (f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}", Vendor.feishu),
        (f"https://oapi.dingtalk.com/robot/send?access_token={KEY}", Vendor.dingtalk),
    ],
)
def test_an_address_as_the_group_shows_it_is_its_robot(address: str, vendor: Vendor):
    robot = read_address(address, SITES)
    assert (robot.vendor, robot.key) == (vendor, KEY)
    assert KEY not in repr(robot)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://127.0.0.1:8080/cgi-bin/webhook/send?key=12345678",
        f"http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send/../../message/send?key={KEY}",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}/../../x",
        "https://open.feishu.cn/open-apis/bot/v2/hook/",
        f"https://oapi.dingtalk.com/robot/send?access_token={KEY}%26timestamp=1",
        "https://oapi.dingtalk.com/robot/send?access_token=" + "a" * 600,
    ],
)
def test_an_address_anywhere_else_makes_no_robot(address: str):
    with pytest.raises(AppError, match="bad_request") as caught:
        read_address(address, SITES)
    assert caught.value.data["reason"] == "not_a_robot"


class Groups:
    def __init__(self) -> None:
        self.now = NOW
        self.robots = SandboxRobots(clock=lambda: self.now)

    def make(self, vendor: Vendor, signed: bool = False, keyword: str = "") -> Robot:
        key, group = self.robots.add(vendor, signed, keyword)
        return Robot(vendor, "https://vendor.example", key, group.secret)

    def say(self, robot: Robot, text: str = "3 位顾客在等待", at: int = 0) -> int:
        url, body = request_of(robot, text, at or self.now)
        given = dict(part.split("=", 1) for part in url.partition("?")[2].split("&") if part)
        sign = given.get("sign", "").replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
        try:
            self.robots.say(
                robot.vendor, robot.key, given.get("timestamp", ""), sign, msgspec.json.encode(body)
            )
        except RobotError as error:
            return error.errcode
        return 0

    def said(self, robot: Robot) -> list[str]:
        group = self.robots.find(robot.key)
        assert group is not None
        return [line.text for line in group.said]


@pytest.fixture
def groups() -> Groups:
    return Groups()


@pytest.mark.parametrize("vendor", list(Vendor))
@pytest.mark.parametrize("signed", [False, True])
def test_a_text_arrives_as_it_was_said(groups: Groups, vendor: Vendor, signed: bool):
    robot = groups.make(vendor, signed and vendor is not Vendor.wecom)
    assert groups.say(robot) == 0
    assert groups.said(robot) == ["3 位顾客在等待"]


def test_a_forged_or_stale_signature_is_refused(groups: Groups):
    for vendor, code in ((Vendor.feishu, 19021), (Vendor.dingtalk, 310000)):
        robot = groups.make(vendor, signed=True)
        assert groups.say(Robot(vendor, robot.base, robot.key, "SECwrong")) == code
        assert groups.say(Robot(vendor, robot.base, robot.key)) == code
        assert groups.say(robot, at=groups.now - 3_700_000) == code
        assert groups.say(robot, at=groups.now - 3_500_000) == 0


def test_the_signatures_are_those_of_the_vendors_pages():
    """Computed by hand, with openssl, from the formulas of their pages."""
    feishu = request_of(Robot(Vendor.feishu, "https://f", KEY, "demo"), "x", 1_599_360_473_000)[1]
    assert feishu["timestamp"] == "1599360473"
    assert feishu["sign"] == FEISHU
    dingtalk = request_of(Robot(Vendor.dingtalk, "https://d", KEY, "this is secret"), "x", 1_599_360_473_000)[
        0
    ]
    assert dingtalk.endswith(f"&timestamp=1599360473000&sign={DINGTALK}")


FEISHU = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
DINGTALK = "hXZTWifRGHclNuZSKxoXc%2F%2Fsh51SWfVfRIhcdeKs63I%3D"


def test_twenty_a_minute_and_dingtalk_is_deaf_for_ten_after_the_next(groups: Groups):
    wecom, dingtalk = groups.make(Vendor.wecom), groups.make(Vendor.dingtalk)
    assert [groups.say(wecom) for _ in range(21)] == [0] * 20 + [45009]
    assert [groups.say(dingtalk) for _ in range(21)] == [0] * 20 + [130101]
    groups.now += 60_001
    assert (groups.say(wecom), groups.say(dingtalk)) == (0, 130101)
    groups.now += MUTED_MS
    assert groups.say(dingtalk) == 0


def test_feishu_hears_five_a_second(groups: Groups):
    robot = groups.make(Vendor.feishu)
    assert [groups.say(robot) for _ in range(6)] == [0] * 5 + [11232]
    groups.now += 1_001
    assert groups.say(robot) == 0


def test_a_keyword_must_be_in_the_text(groups: Groups):
    for vendor, code in ((Vendor.feishu, 19024), (Vendor.dingtalk, 310000)):
        robot = groups.make(vendor, keyword="茶馆")
        assert groups.say(robot) == code
        assert groups.say(robot, "有顾客在等待\n茶馆") == 0


def test_a_robot_that_was_taken_out_of_its_group_is_unknown(groups: Groups):
    robot = groups.make(Vendor.wecom)
    groups.robots.remove(robot.key)
    assert groups.say(robot) == 93000


@pytest.mark.parametrize(
    ("vendor", "body", "reason", "retries"),
    [
        (Vendor.wecom, b'{"errcode":0,"errmsg":"ok"}', "", False),
        (Vendor.wecom, b'{"errcode":45009,"errmsg":"api freq out of limit"}', "too_often", True),
        (Vendor.wecom, b'{"errcode":93000,"errmsg":"invalid webhook url"}', "robot_gone", False),
        (Vendor.feishu, b'{"code":0,"msg":"success","StatusCode":0}', "", False),
        (Vendor.feishu, b'{"code":19021,"msg":"sign match fail"}', "bad_signature", False),
        (Vendor.feishu, b'{"code":11232,"msg":"frequency limited"}', "too_often", True),
        (Vendor.dingtalk, b'{"errcode":310000,"errmsg":"keywords not in content"}', "keyword_missing", False),
        (Vendor.dingtalk, b'{"errcode":310000,"errmsg":"sign not match"}', "bad_signature", False),
        (
            Vendor.dingtalk,
            b'{"errcode":310000,"errmsg":"ip 1.2.3.4 not in whitelist"}',
            "address_refused",
            False,
        ),
        (Vendor.dingtalk, b'{"errcode":130101,"errmsg":"send too fast"}', "too_often", True),
        (Vendor.dingtalk, b'{"errcode":999999,"errmsg":"?"}', "refused", False),
        (Vendor.wecom, b"<html>", "unexpected_answer", True),
        (Vendor.wecom, b"[" * 100_000, "unexpected_answer", True),
        (Vendor.feishu, b'{"ok":true}', "unexpected_answer", True),
    ],
)
def test_errors_in_bodies_of_status_200_are_told_apart(
    vendor: Vendor, body: bytes, reason: str, retries: bool
):
    refusal = read_answer(vendor, 200, body)
    assert (refusal.reason if refusal else "") == reason
    assert (refusal is not None and refusal.retry_in_ms is not None) == retries


def test_who_says_too_much_to_dingtalk_keeps_quiet_for_as_long_as_it_is_deaf():
    refusal = read_answer(Vendor.dingtalk, 200, b'{"errcode":130101,"errmsg":"send too fast"}')
    assert refusal is not None
    assert refusal.retry_in_ms == MUTED_MS


def test_a_customers_words_call_nobody_in_the_group():
    assert "<" not in harmless('<at user_id="all">所有人</at>')


def test_a_long_text_is_cut_between_characters():
    text = _clipped("茶" * 1000)
    assert len(text.encode()) <= 2_000
    assert text.endswith("茶…")
