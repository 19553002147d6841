"""`/v1/media`: uploads in, signed links out."""

import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, get, head, post
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.openapi.spec.operation import Operation
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Settings
from chaguan.media import ORIGINAL, Delivery, Media, MediaContent, largest_limit, parse_kind
from chaguan.openapi import multipart
from chaguan.openapi.errors import refusals

_FORM_OVERHEAD = 16 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)

MediaId = Annotated[str, PathParameter(max_length=64)]
Variant = Annotated[str, QueryParameter(name="v", description="`original` or `thumb`", max_length=16)]
Expiry = Annotated[int, QueryParameter(name="exp", ge=0, le=1 << 40)]
Signature = Annotated[str, QueryParameter(name="sig", max_length=64)]

_OPEN: list[dict[str, list[str]]] = [{}]
_FETCH_REFUSED = refusals(ErrorCode.bad_request, ErrorCode.forbidden, ErrorCode.not_found)
_UPLOAD_REFUSED = refusals(
    ErrorCode.bad_request,
    ErrorCode.unauthenticated,
    ErrorCode.forbidden,
    ErrorCode.too_large,
    ErrorCode.rate_limited,
    ErrorCode.unavailable,
    ErrorCode.timeout,
)


@dataclass
class _UploadOperation(Operation):
    """The body is read as a stream, so the schema of the form is told by hand."""

    def __post_init__(self) -> None:
        text, binary = (
            Schema(type=OpenAPIType.STRING),
            Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY),
        )
        form = Schema(
            type=OpenAPIType.OBJECT, properties={"kind": text, "file": binary}, required=["kind", "file"]
        )
        self.request_body = RequestBody(content={"multipart/form-data": OpenAPIMediaType(schema=form)})


@post(
    "/v1/media",
    request_max_body_size=None,  # bounded while it is read, by kind
    operation_class=_UploadOperation,
    responses=_UPLOAD_REFUSED,
    tags=["media"],
)
async def upload_media(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    media: NamedDependency[Media],
    settings: NamedDependency[Settings],
) -> MediaContent:
    """Upload a picture, voice note, video or file, and get content ready to be sent in a message.

    A `multipart/form-data` body with a field `kind` (`image`, `voice`, `video` or `file`) and one file part. What the
    file is is told from its bytes; name and Content-Type are not believed. Pictures (JPEG, PNG, GIF, WebP, AVIF, BMP;
    at most 50 million pixels) lose their metadata and come back as JPEG, PNG or GIF with a thumbnail of at most 480
    pixels. Voice (mp3, aac, m4a, webm, ogg, amr, wav, flac; at most 60 s) comes back as mp3 with a waveform. Videos
    (mp4, mov, webm) get a poster. Media that is not sent in a message within 24 hours is deleted.

    Errors: `bad_request` (malformed form, `data.reason`: `wrong_type`, `undecodable`, `empty`, `no_file`), `too_large`
    (`data.limit`), `rate_limited` (too much uploaded and not sent), `unavailable` (storage, or too many at once).
    """
    most = largest_limit(settings.limits)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most + _FORM_OVERHEAD:
        raise AppError(ErrorCode.too_large, f"at most {most} bytes", limit=most)
    content_type = request.headers.get("content-type", "")
    async with multipart.receive(_body(request), content_type, most) as form:
        kind = parse_kind(form.fields.get("kind", ""))
        return await media.upload(caller, kind, form.file_name, form.file)


@get("/v1/media/{media_id:str}", responses=_FETCH_REFUSED, security=_OPEN, tags=["media"])
async def fetch_media(
    request: Request[Any, Any, Any],
    media: NamedDependency[Media],
    media_id: MediaId,
    exp: Expiry,
    sig: Signature,
    variant: Variant = ORIGINAL,
) -> Response[Any]:
    """Fetch media by a signed link as found in message content; no other sign-in is needed.

    Answers `Range` (one range), `If-Range` and `If-None-Match`. A link holds for 12 to 24 hours; after that it answers
    `forbidden` with `data.expired_at`, and the message must be fetched again for a fresh one.
    """
    delivery = await media.open(media_id, variant, exp, sig)
    headers = _headers(delivery)
    if delivery.etag in _tags(request, "if-none-match"):
        return Response(None, status_code=304, headers=headers)
    size = delivery.blob.size
    span = _span(request, delivery)
    if span is None:
        return _stream(delivery, 0, size, 200, headers)
    start, end = span
    if start >= end:
        return Response(None, status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    return _stream(delivery, start, end, 206, {**headers, "content-range": f"bytes {start}-{end - 1}/{size}"})


@head("/v1/media/{media_id:str}", responses=_FETCH_REFUSED, security=_OPEN, tags=["media"])
async def head_media(
    media: NamedDependency[Media], media_id: MediaId, exp: Expiry, sig: Signature, variant: Variant = ORIGINAL
) -> Response[None]:
    """The headers that a fetch would answer with."""
    delivery = await media.open(media_id, variant, exp, sig)
    headers = {**_headers(delivery), "content-length": str(delivery.blob.size)}
    # Litestar wants None promised here, and cannot render it for a media type of ours.
    empty: Response[Any] = Response(b"", headers=headers, media_type=delivery.mime)
    return empty


def _headers(delivery: Delivery) -> dict[str, str]:
    left = max(0, delivery.expires_at // 1000 - int(time.time()))
    return {
        "etag": delivery.etag,
        "cache-control": f"private, max-age={left}, immutable",
        "accept-ranges": "bytes",
        "content-disposition": _disposition(delivery.name),
        # Whatever the bytes are, a browser must neither guess at them nor run them.
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
    }


def _disposition(name: str) -> str:
    if not name:
        return "inline"
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _stream(delivery: Delivery, start: int, end: int, status: int, headers: dict[str, str]) -> Stream:
    return Stream(
        delivery.blob.read(start, end),
        status_code=status,
        headers={**headers, "content-length": str(end - start)},
        media_type=delivery.mime,
    )


def _span(request: Request[Any, Any, Any], delivery: Delivery) -> tuple[int, int] | None:
    """The bytes asked for, or None for all of them; an empty span is one that cannot be had."""
    if request.headers.get("if-range", delivery.etag) != delivery.etag:
        return None
    return parse_range(request.headers.get("range", ""), delivery.blob.size)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """RFC 9110 §14.2, one range only: several, or what is not understood, is answered with the whole."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size


def _tags(request: Request[Any, Any, Any], header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in request.headers.get(header, "").split(",")]


async def _body(request: Request[Any, Any, Any]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException as error:
        raise AppError(ErrorCode.bad_request, "the upload broke off") from error


HANDLERS = [upload_media, fetch_media, head_media]
