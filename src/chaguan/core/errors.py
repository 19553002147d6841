"""The one error class. Only the edges translate it; nothing below catches `Exception`."""

from typing import Any

from chaguan.protocol.errors import ErrorCode

__all__ = ["AppError", "ErrorCode"]


class AppError(Exception):
    """A refusal or a temporary failure that a caller is told about.

    `detail` is for developers and never shown to a person: UI texts come from the code.
    `data` travels to the client beside the code (for instance `retry_after_ms`, `limit`).
    """

    def __init__(self, code: ErrorCode, detail: str = "", **data: Any) -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail
        self.data = data
