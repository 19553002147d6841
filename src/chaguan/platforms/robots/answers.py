"""What the vendors answer: status 200 whatever happened, the outcome in the body. The numbers are from their pages.

A refusal is one of: *later* (too many texts, the vendor is busy), or *misconfigured*, which only an administrator can
mend: the robot was removed, the secret, the keyword or the list of addresses is another one.
"""

from typing import Any

import msgspec
from msgspec import Struct

from chaguan.platforms.robots.addresses import Vendor

_MINUTE_MS = 60_000
_BUSY_MS = 15_000

_TOO_OFTEN: dict[Vendor, dict[int, int]] = {
    Vendor.wecom: {45009: _MINUTE_MS, 45033: _MINUTE_MS},
    Vendor.feishu: {11232: _MINUTE_MS},
    # Who sends more than 20 texts in a minute is not heard for ten.
    Vendor.dingtalk: {130101: 10 * _MINUTE_MS, 90030: 10 * _MINUTE_MS},
}
_BUSY: dict[Vendor, frozenset[int]] = {
    Vendor.wecom: frozenset({-1}),
    Vendor.feishu: frozenset({11233, 11247}),
    Vendor.dingtalk: frozenset({-1}),
}
_WRONG: dict[Vendor, dict[int, str]] = {
    Vendor.wecom: {93000: "robot_gone", 93008: "robot_gone", 93017: "robot_gone"},
    Vendor.feishu: {
        19001: "robot_gone",
        19021: "bad_signature",
        19022: "address_refused",
        19024: "keyword_missing",
    },
    Vendor.dingtalk: {300001: "robot_gone", 300005: "robot_gone", 400102: "robot_gone", 400101: "robot_gone"},
}
_DINGTALK_SECURITY = 310000


class Refusal(Struct, frozen=True):
    """`retry_in_ms` None: another try is of no use. `code` is the vendor's, 0 where none came."""

    reason: str
    retry_in_ms: int | None = None
    code: int = 0


def read_answer(vendor: Vendor, status: int, body: bytes) -> Refusal | None:
    """None: it was taken."""
    if status == 429 or status >= 500:
        return Refusal("too_often" if status == 429 else "busy", _MINUTE_MS if status == 429 else _BUSY_MS)
    verdict = _verdict(vendor, body)
    if verdict is None:
        return Refusal("unexpected_answer", _BUSY_MS)
    code, said = verdict
    if code == 0:
        return None
    return _refusal(vendor, code, said)


def _verdict(vendor: Vendor, body: bytes) -> tuple[int, str] | None:
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    names = ("code", "msg") if vendor is Vendor.feishu else ("errcode", "errmsg")
    if not isinstance(found, dict) or not isinstance(found.get(names[0]), int):
        return None
    said = found.get(names[1])
    return int(found[names[0]]), said if isinstance(said, str) else ""


def _refusal(vendor: Vendor, code: int, said: str) -> Refusal:
    if code in _TOO_OFTEN[vendor]:
        return Refusal("too_often", _TOO_OFTEN[vendor][code], code)
    if code in _BUSY[vendor]:
        return Refusal("busy", _BUSY_MS, code)
    if vendor is Vendor.dingtalk and code == _DINGTALK_SECURITY:
        return Refusal(_security(said), None, code)
    return Refusal(_WRONG[vendor].get(code, "refused"), None, code)


def _security(said: str) -> str:
    """DingTalk has one number for its three safeguards and tells them apart in words."""
    if "keyword" in said or "关键词" in said:
        return "keyword_missing"
    return "address_refused" if "ip" in said.lower() and "sign" not in said else "bad_signature"
