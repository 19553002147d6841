import pytest

from chaguan.core.errors import ErrorCode
from chaguan.platforms.wechat.errors import vendor_error


@pytest.mark.parametrize(
    ("vendor_code", "code", "reason"),
    [
        (40029, ErrorCode.unauthenticated, "code_invalid"),
        (40163, ErrorCode.unauthenticated, "code_used"),
        (40226, ErrorCode.forbidden, "user_blocked"),
        (-1, ErrorCode.unavailable, "busy"),
        (45011, ErrorCode.rate_limited, "minute_quota"),
        (45009, ErrorCode.rate_limited, "daily_quota"),
        (40013, ErrorCode.unavailable, "misconfigured"),
        (40125, ErrorCode.unavailable, "misconfigured"),
        (40164, ErrorCode.unavailable, "misconfigured"),
        (40001, ErrorCode.unavailable, "misconfigured"),
        (42001, ErrorCode.unavailable, "misconfigured"),
        (99999, ErrorCode.unavailable, "vendor_error"),
    ],
)
def test_each_vendor_code_has_its_place(vendor_code: int, code: ErrorCode, reason: str) -> None:
    error = vendor_error(vendor_code, "whatever")
    assert (error.code, error.data["reason"], error.data["vendor_code"]) == (code, reason, vendor_code)
    busy = code in (ErrorCode.unavailable, ErrorCode.rate_limited)
    assert ("retry_after_ms" in error.data) == busy


def test_the_vendors_request_id_is_kept_and_its_sentence_is_not() -> None:
    error = vendor_error(40029, "invalid code s3cr3t, rid: 64e5d2d0-18b1978d-6abec211")
    assert error.data["vendor_request"] == "64e5d2d0-18b1978d-6abec211"
    assert "s3cr3t" not in f"{error} {error.data}"
