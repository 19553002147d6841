"""Sends a text into a group. The signatures are those of the vendors' pages: Feishu signs nothing with a key made of
time and secret, DingTalk signs time and secret with the secret; each is good for an hour."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus

import msgspec

from chaguan.core.errors import AppError
from chaguan.infra.http import GuardedHttp
from chaguan.platforms.robots.addresses import Robot, Vendor, address_of
from chaguan.platforms.robots.answers import Refusal, read_answer

TIMEOUT_S = 5.0
MAX_ANSWER = 16 * 1024
MAX_TEXT = 2_000
"""Bytes. WeCom takes 2,048 of a text; the others more."""


async def send_text(http: GuardedHttp, robot: Robot, text: str, now: int) -> Refusal | None:
    """None: the vendor took it. Raises `AppError` where nobody knows, or it could not be reached."""
    url, body = request_of(robot, _clipped(text), now)
    answer = await http.send(
        "POST",
        url,
        content=msgspec.json.encode(body),
        headers={"content-type": "application/json; charset=utf-8"},
        timeout_s=TIMEOUT_S,
        max_bytes=MAX_ANSWER,
    )
    return read_answer(robot.vendor, answer.status, answer.body)


def request_of(robot: Robot, text: str, now: int) -> tuple[str, dict[str, Any]]:
    """Address and body of a text at a time (UTC milliseconds)."""
    address = address_of(robot)
    match robot.vendor:
        case Vendor.wecom:
            return address, {"msgtype": "text", "text": {"content": text}}
        case Vendor.feishu:
            body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
            if robot.secret:
                seconds = str(now // 1000)
                body |= {"timestamp": seconds, "sign": _digest(f"{seconds}\n{robot.secret}", "")}
            return address, body
        case Vendor.dingtalk:
            if robot.secret:
                sign = _digest(robot.secret, f"{now}\n{robot.secret}")
                address = f"{address}&timestamp={now}&sign={quote_plus(sign)}"
            return address, {"msgtype": "text", "text": {"content": text}}


def harmless(text: str) -> str:
    """Somebody's words without what Feishu would read as a tag, `<at user_id="all">` for instance."""
    return text.replace("<", "＜").replace(">", "＞")


def outcome_of(error: AppError) -> Refusal:
    """Why it was not sent, or is not known to be."""
    reason = str(error.data.get("reason", "")) or error.code.value
    if reason in ("address_not_allowed", "bad_url"):
        return Refusal(reason)
    return Refusal("unreachable" if reason != "too_slow" else "too_slow", 15_000)


def _digest(key: str, message: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), hashlib.sha256)).decode()


def _clipped(text: str) -> str:
    raw = text.encode()
    if len(raw) <= MAX_TEXT:
        return text
    return raw[: MAX_TEXT - 3].decode(errors="ignore") + "…"
