"""Groups with robots at WeCom, Feishu and DingTalk, as the vendors' pages describe them: addresses, signatures, limits.

In memory, bounded, no HTTP. Where the pages are silent it says "assumed".
"""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from typing import Any

import msgspec

from chaguan.core.clock import Clock, now_ms
from chaguan.platforms.robots import Vendor

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
MUTED_MS = 10 * _MINUTE_MS
"""DingTalk does not hear a robot for so long that said too much in a minute."""
LIMITS: dict[Vendor, tuple[tuple[int, int], ...]] = {
    Vendor.wecom: ((20, _MINUTE_MS),),
    Vendor.feishu: ((100, _MINUTE_MS), (5, 1_000)),
    Vendor.dingtalk: ((20, _MINUTE_MS),),
}
_TOO_OFTEN = {Vendor.wecom: 45009, Vendor.feishu: 11232, Vendor.dingtalk: 130101}
_UNKNOWN = {Vendor.wecom: 93000, Vendor.feishu: 19001, Vendor.dingtalk: 300001}
_MALFORMED = {Vendor.wecom: 40008, Vendor.feishu: 9499, Vendor.dingtalk: 40035}
_MAX_BODY = 20 * 1024
_MAX_WECOM_TEXT = 2_048
_MAX_GROUPS, _MAX_SAID = 1_000, 200


class RobotError(Exception):
    """What a vendor answers, with HTTP status 200. `said` stands beside the number: DingTalk tells its safeguards apart by it alone."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(code)
        self.errcode = code
        self.said = said


class Said(msgspec.Struct):
    at: int
    text: str


class Group:
    def __init__(self, vendor: Vendor, secret: str, keyword: str) -> None:
        self.vendor, self.secret, self.keyword = vendor, secret, keyword
        self.said: deque[Said] = deque(maxlen=_MAX_SAID)
        self.heard_at: deque[int] = deque(maxlen=100)
        self.muted_until = 0


class SandboxRobots:
    def __init__(self, clock: Clock = now_ms) -> None:
        self._clock = clock
        self._groups: OrderedDict[str, Group] = OrderedDict()

    def add(self, vendor: Vendor, signed: bool = False, keyword: str = "") -> tuple[str, Group]:
        """A group with a robot in it; gives the key of its address."""
        key = secrets.token_hex(16)
        secret = f"SEC{secrets.token_hex(16)}" if signed else ""
        self._groups[key] = group = Group(vendor, secret, keyword)
        if len(self._groups) > _MAX_GROUPS:
            self._groups.popitem(last=False)
        return key, group

    def find(self, key: str) -> Group | None:
        return self._groups.get(key)

    def remove(self, key: str) -> None:
        """Somebody took the robot out of the group."""
        self._groups.pop(key, None)

    def say(self, vendor: Vendor, key: str, timestamp: str, sign: str, body: bytes) -> None:
        """`timestamp` and `sign` of DingTalk stand in its address, those of Feishu in the body."""
        group = self._groups.get(key)
        if group is None or group.vendor is not vendor:
            raise RobotError(_UNKNOWN[vendor], "token is not exist")
        sent = _decoded(vendor, body)
        now = self._clock()
        self._check_rate(group, now)
        text = _text(vendor, sent)
        if group.secret:
            _check_sign(group, timestamp, sign, sent, now)
        if group.keyword and group.keyword not in text:
            raise RobotError(*_keyword_missing(vendor))
        group.said.append(Said(now, text))

    def _check_rate(self, group: Group, now: int) -> None:
        """What is refused for another reason counts as well (assumed)."""
        code = _TOO_OFTEN[group.vendor]
        if now < group.muted_until:
            raise RobotError(code, "send too fast")
        for limit, span_ms in LIMITS[group.vendor]:
            if sum(1 for at in group.heard_at if at > now - span_ms) >= limit:
                if group.vendor is Vendor.dingtalk:
                    group.muted_until = now + MUTED_MS
                raise RobotError(code, "send too fast")
        group.heard_at.append(now)


def _decoded(vendor: Vendor, body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or len(body) > _MAX_BODY:
        raise RobotError(_MALFORMED[vendor], "Bad Request")
    return found


def _text(vendor: Vendor, sent: dict[str, Any]) -> str:
    kind, holder, name = (
        ("msg_type", "content", "text") if vendor is Vendor.feishu else ("msgtype", "text", "content")
    )
    inner = sent.get(holder)
    text = inner.get(name) if isinstance(inner, dict) else None
    if sent.get(kind) != "text" or not isinstance(text, str):
        raise RobotError(_MALFORMED[vendor], "Bad Request")
    if not text:
        raise RobotError(44004 if vendor is Vendor.wecom else _MALFORMED[vendor], "empty content")
    if vendor is Vendor.wecom and len(text.encode()) > _MAX_WECOM_TEXT:
        raise RobotError(40058, "text.content exceed max length 2048")
    return text


def _check_sign(group: Group, timestamp: str, sign: str, sent: dict[str, Any], now: int) -> None:
    if group.vendor is Vendor.feishu:
        timestamp, sign = str(sent.get("timestamp", "")), str(sent.get("sign", ""))
    scale = 1000 if group.vendor is Vendor.feishu else 1
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16
    is_fresh = is_number and abs(now - int(timestamp) * scale) <= _HOUR_MS
    if not is_fresh or not hmac.compare_digest(_wanted_sign(group, timestamp).encode(), sign.encode()):
        code = 19021 if group.vendor is Vendor.feishu else 310000
        raise RobotError(code, "sign not match")


def _wanted_sign(group: Group, timestamp: str) -> str:
    text = f"{timestamp}\n{group.secret}".encode()
    if group.vendor is Vendor.feishu:
        mac = hmac.new(text, b"", hashlib.sha256)
    else:
        mac = hmac.new(group.secret.encode(), text, hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def _keyword_missing(vendor: Vendor) -> tuple[int, str]:
    if vendor is Vendor.dingtalk:
        return 310000, "keywords not in content"
    # WeCom's robots have no keywords; whoever gives one to the sandbox means Feishu's refusal.
    return 19024, "Key Words Not Found"
