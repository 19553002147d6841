"""WeChat's error codes in our words. The numbers are from the vendor's pages of the single calls.

Four kinds of answer: the person's code is no good (a fresh `wx.login` helps), the person may not sign in,
WeChat is busy or a quota is used up, and *misconfigured*: the deployment's own AppID, secret or allow-list is
wrong, which nobody at a phone can mend, hence `unavailable` for them and `data.vendor_code` for the operator.
"""

import re

from chaguan.core.errors import AppError, ErrorCode

STALE_TOKEN = frozenset({40001, 40014, 42001})
"""The access token of the call is no longer good; a new one may be."""

_BUSY_MS = 2_000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000

_REFUSED: dict[int, tuple[ErrorCode, str]] = {
    40029: (ErrorCode.unauthenticated, "code_invalid"),
    40163: (ErrorCode.unauthenticated, "code_used"),
    40226: (ErrorCode.forbidden, "user_blocked"),
    40003: (ErrorCode.bad_request, "openid_invalid"),
    40007: (ErrorCode.bad_request, "media_invalid"),
    45002: (ErrorCode.too_large, "too_long"),
    45015: (ErrorCode.forbidden, "window_closed"),  # nothing from the customer for too long
    45047: (ErrorCode.forbidden, "over_quota"),  # too many answers to what the customer did last
    45080: (ErrorCode.conflict, "not_now"),  # typing is shown only to who wrote a moment ago
    45081: (ErrorCode.conflict, "shown_already"),
    48002: (ErrorCode.forbidden, "user_refuses"),
}
_LATER: dict[int, tuple[ErrorCode, str, int]] = {
    -1: (ErrorCode.unavailable, "busy", _BUSY_MS),
    45011: (ErrorCode.rate_limited, "minute_quota", _MINUTE_MS),
    45009: (ErrorCode.rate_limited, "daily_quota", _HOUR_MS),
}
_MISCONFIGURED = frozenset(
    {
        40001,  # the secret is wrong, or a token stayed refused after it was renewed
        40002,  # grant_type
        40013,  # no such AppID
        40014,
        40125,  # the secret is wrong
        40164,  # this server's address is not on the account's allow-list
        41001,
        41002,
        41004,
        42001,
        48001,  # the account may not use this call
        50002,  # the account is limited
        89503,  # an administrator of the account has to confirm the call
    }
)
_RID = re.compile(r"\brid: ?([0-9a-f-]{8,40})\b")


def vendor_error(code: int, message: str) -> AppError:
    """`data.vendor_code` is WeChat's number; `data.vendor_request` its request id, which its support asks for.

    The vendor's sentence itself is left out: it may repeat what was sent.
    """
    data: dict[str, object] = {"vendor": "wechat", "vendor_code": code}
    request = _RID.search(message)
    if request is not None:
        data["vendor_request"] = request[1]
    if code in _REFUSED:
        kind, reason = _REFUSED[code]
        return AppError(kind, f"WeChat refused: {reason}", reason=reason, **data)
    if code in _LATER:
        kind, reason, wait_ms = _LATER[code]
        return AppError(kind, f"WeChat: {reason}", reason=reason, retry_after_ms=wait_ms, **data)
    reason = "misconfigured" if code in _MISCONFIGURED else "vendor_error"
    return AppError(
        ErrorCode.unavailable, f"WeChat answered {code}", reason=reason, retry_after_ms=_MINUTE_MS, **data
    )
