"""What the server and its decoder processes say to each other. Imports no decoder: the server stays free of them."""

from typing import Any

from msgspec import Struct

from chaguan.core.errors import ErrorCode

READY = b"ready\n"


class Job(Struct):
    """`format` is what sniffing found. Files come beside it: the source, the result, the thumbnail."""

    kind: str
    format: str
    max_ms: int = 0


class Outcome(Struct):
    """What was made. An empty `mime` means that the source itself is to be stored."""

    mime: str = ""
    thumb_mime: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    waveform: list[int] = []


class Failure(Struct):
    """`defect` names an exception that no rule foresaw; the file is refused all the same."""

    code: ErrorCode
    detail: str
    data: dict[str, Any] = {}
    defect: str = ""


class Answer(Struct):
    outcome: Outcome | None = None
    failure: Failure | None = None
