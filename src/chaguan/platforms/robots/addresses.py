"""Which address is a robot's: only what lies with its vendor, so that nobody makes a robot of another machine. Pure."""

import re
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import RobotSites

MAX_ADDRESS = 500
_KEY = re.compile(r"[A-Za-z0-9_-]{8,200}")


class Vendor(StrEnum):
    """`wecom` 企业微信, `feishu` 飞书 (and Lark), `dingtalk` 钉钉."""

    wecom = "wecom"
    feishu = "feishu"
    dingtalk = "dingtalk"


class Robot(Struct, frozen=True):
    """A robot as its vendor knows it. `key` is what its address holds; `secret` what texts are signed with, if it
    wants that. Who knows the key can write into the group, so neither is ever shown."""

    vendor: Vendor
    base: str
    key: str
    secret: str = ""

    def __repr__(self) -> str:
        return f"Robot({self.vendor.value})"


def read_address(address: str, bases: RobotSites) -> Robot:
    """The robot behind an address as it is copied from the group's page. `bad_request` (`not_a_robot`) for others."""
    text = address.strip()
    if len(text) <= MAX_ADDRESS and text.isascii() and text.isprintable():
        for vendor, base, path in _places(bases):
            key = _key_at(text, vendor, base, path)
            if key:
                return Robot(vendor, base, key)
    raise AppError(
        ErrorCode.bad_request,
        "the address of a WeCom, Feishu or DingTalk robot",
        field="address",
        reason="not_a_robot",
    )


def address_of(robot: Robot) -> str:
    """Where it is written to, without what is signed."""
    match robot.vendor:
        case Vendor.wecom:
            return f"{robot.base}/cgi-bin/webhook/send?key={robot.key}"
        case Vendor.feishu:
            return f"{robot.base}/open-apis/bot/v2/hook/{robot.key}"
        case Vendor.dingtalk:
            return f"{robot.base}/robot/send?access_token={robot.key}"


def _places(bases: RobotSites) -> tuple[tuple[Vendor, str, str], ...]:
    return (
        (Vendor.wecom, bases.wecom, "/cgi-bin/webhook/send"),
        (Vendor.feishu, bases.feishu, "/open-apis/bot/v2/hook/"),
        (Vendor.feishu, bases.lark, "/open-apis/bot/v2/hook/"),
        (Vendor.dingtalk, bases.dingtalk, "/robot/send"),
    )


def _key_at(text: str, vendor: Vendor, base: str, path: str) -> str:
    # After the base comes a path: `https://qyapi.weixin.qq.com.evil.example` only begins like it.
    if not text.startswith(base.rstrip("/") + path):
        return ""
    rest = urlsplit(text.removeprefix(base.rstrip("/")))
    if vendor is Vendor.feishu:
        key = rest.path.removeprefix(path)
    elif rest.path == path:
        key = dict(parse_qsl(rest.query)).get("key" if vendor is Vendor.wecom else "access_token", "")
    else:
        return ""
    return key if _KEY.fullmatch(key) else ""
