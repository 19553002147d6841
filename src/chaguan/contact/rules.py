"""Pure decisions: where a customer is, how often they may be answered, what to do after a failure."""

from collections.abc import Sequence
from typing import NamedTuple

from chaguan.core.errors import AppError, ErrorCode

SAID, SAID_MS = 5, 48 * 3_600_000
"""So many answers, for so long, to what a customer said."""
ENTERED, ENTERED_MS = 2, 60_000
"""The same after they opened the chat."""
ATTEMPTS = 6
UNKNOWN_ATTEMPTS = 3
_PAUSES_MS = (5_000, 30_000, 120_000, 600_000, 1_800_000)
_CLOSES = ("window_closed", "over_quota")
_LATER = ("busy", "minute_quota", "daily_quota", "misconfigured", "media_invalid")
_NEVER_ARRIVED = ("name_not_found", "address_not_allowed", "tls_failed")


class Contact(NamedTuple):
    """A row of `contacts`."""

    conversation_id: str
    app_id: str
    openid: str
    customer_id: str
    shop_id: str
    began_seq: int
    in_seq: int
    app_seq: int
    said_at: int
    entered_at: int
    signs: int = 1
    closed_signs: int = 0


class Spent(NamedTuple):
    """Answers that WeChat counts since the customer last said something, and since they last entered."""

    since_said: int = 0
    since_entered: int = 0


class Budget(NamedTuple):
    """`left` answers until `until_at`. With none left, `reason` says why."""

    left: int
    until_at: int = 0
    reason: str = ""


class Verdict(NamedTuple):
    """What becomes of a message after an attempt. `retry_in_ms` None: nothing more."""

    state: str
    reason: str
    retry_in_ms: int | None = None
    is_refunded: bool = False
    closes: bool = False


def is_in_app(contact: Contact, read_seq: int) -> bool:
    """Whether the customer's last sign came from the app itself: a message there, or a read mark above all that they
    had before them when they last came by contact."""
    return max(contact.app_seq, read_seq) > contact.in_seq


def spoken_to(contact: Contact, read_seq: int, spoken: Sequence[tuple[int, bool]]) -> tuple[list[int], int]:
    """Which messages go to WeChat, of `(seq, is a sign of the customer in the app)` in the order of the log; and the
    customer's last sign in the app."""
    going: list[int] = []
    for seq, is_sign in spoken:
        if is_sign:
            contact = contact._replace(app_seq=max(contact.app_seq, seq))
        elif seq > contact.began_seq and not is_in_app(contact, read_seq):
            going.append(seq)
    seen = read_seq if read_seq > contact.in_seq else 0
    return going, max(contact.app_seq, seen)


def budget(contact: Contact, spent: Spent, now: int) -> Budget:
    """Each count covers everything after its event, so the larger rest is what may still go out."""
    windows = [
        Budget(max(0, limit - used), at + lasts_ms)
        for at, limit, lasts_ms, used in (
            (contact.said_at, SAID, SAID_MS, spent.since_said),
            (contact.entered_at, ENTERED, ENTERED_MS, spent.since_entered),
        )
        if at and now < at + lasts_ms
    ]
    if not windows:
        return Budget(0, reason="window_closed")
    best = max(windows)
    if best.left == 0 or contact.closed_signs == contact.signs:
        return Budget(0, reason="over_quota")
    return best


def after_failure(error: AppError, attempt: int) -> Verdict:
    """WeChat's own refusals cost nothing. Where nobody knows whether it took the message, it is said again, since a
    message twice is better than none; and counted."""
    reason = str(error.data.get("reason", "")) or error.code.value
    if "vendor_code" in error.data:
        if reason in _CLOSES:
            return Verdict("not_sent", reason, is_refunded=True, closes=True)
        if reason not in _LATER or attempt >= ATTEMPTS:
            return Verdict("not_sent", reason, is_refunded=True)
        return Verdict("waiting", reason, _pause(error, attempt), is_refunded=True)
    if reason in _NEVER_ARRIVED:
        if attempt >= ATTEMPTS:
            return Verdict("not_sent", "unreachable", is_refunded=True)
        return Verdict("waiting", "unreachable", _pause(error, attempt), is_refunded=True)
    if attempt >= UNKNOWN_ATTEMPTS:
        return Verdict("not_sent", "outcome_unknown")
    return Verdict("waiting", "outcome_unknown", _pause(error, attempt))


def before_sending(error: AppError, attempt: int) -> Verdict:
    """What failed while a message was got ready: nothing has been said yet."""
    if "vendor_code" in error.data:
        return after_failure(error, attempt)
    if error.code in (ErrorCode.not_found, ErrorCode.bad_request, ErrorCode.too_large):
        return Verdict("not_sent", "unsupported", is_refunded=True)
    if attempt >= ATTEMPTS:
        return Verdict("not_sent", "unreachable", is_refunded=True)
    return Verdict("waiting", "unreachable", _pause(error, attempt), is_refunded=True)


def _pause(error: AppError, attempt: int) -> int:
    asked = error.data.get("retry_after_ms")
    pause = _PAUSES_MS[min(attempt, len(_PAUSES_MS)) - 1]
    return max(pause, min(asked, 3_600_000)) if isinstance(asked, int) else pause
