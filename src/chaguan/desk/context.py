"""What the business's own server knows of a customer, asked for by a signed request and shown beside the chat."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.service import DeskService
from chaguan.messaging.ports import Directory
from chaguan.protocol.replies import CustomerContext

CACHE_MS = 1_000
CACHED = 1_000
MAX_BYTES = 64 * 1024


class ContextSource(NamedTuple):
    """Where a shop answers, and how it knows this customer."""

    url: str
    secret: str
    external_id: str
    app_id: str
    app_name: str


class Sources(Protocol):
    async def source(self, user_id: str, app_id: str) -> ContextSource | None:
        """None when the shop has no context URL or the customer is not known to the business."""


class Fetch(Protocol):
    async def __call__(self, url: str, headers: dict[str, str]) -> bytes:
        """GET with bounds on time and size, and no way into private networks; raises AppError."""


class ContextService:
    def __init__(
        self, desk: DeskService, directory: Directory, sources: Sources, fetch: Fetch, clock: Clock = now_ms
    ) -> None:
        self._desk = desk
        self._directory = directory
        self._sources = sources
        self._fetch = fetch
        self._clock = clock
        self._cache: OrderedDict[tuple[str, int], tuple[int, msgspec.Raw]] = OrderedDict()

    async def of(self, caller: Caller, conversation_id: str, language: str = "") -> CustomerContext:
        customer = await self._desk.customer_of(caller, conversation_id)
        users = await self._directory.users([customer.user_id])
        if not users:
            raise AppError(ErrorCode.not_found, "no such customer")
        source = await self._sources.source(customer.user_id, customer.app_id)
        business = None
        if source is not None and source.url:
            business = await self._ask(question(source, language), source.secret, customer.head_seq)
        return CustomerContext(
            customer=users[0],
            external_id=source.external_id if source else "",
            app_name=source.app_name if source else "",
            case_context=customer.context,
            business=business,
        )

    async def _ask(self, url: str, secret: str, head_seq: int) -> msgspec.Raw:
        """Kept for a moment, for all who look; but what was said since may be an order's card."""
        key = (url, head_seq)
        held = self._cache.get(key)
        now = self._clock()
        if held is not None and now - held[0] < CACHE_MS:
            return held[1]
        answer = _checked(await self._fetch(url, signed_headers(url, secret, now)))
        self._cache[key] = (now, answer)
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return answer


def question(source: ContextSource, language: str) -> str:
    """The address to ask. `language` stands in it, and so under the signature, only if the reader named one."""
    asked = {"user": source.external_id, "app": source.app_id} | ({"language": language} if language else {})
    return f"{source.url}{'&' if '?' in source.url else '?'}{urlencode(asked)}"


def signed_headers(url: str, secret: str, now: int) -> dict[str, str]:
    """Headers by which the business knows that the question comes from its deployment, now, and only once.

    `X-Chaguan-Signature` is the hex HMAC-SHA256, under the shop's context secret, of
    `<timestamp>.<nonce>.<path?query>`; the timestamp is in seconds.
    """
    timestamp, nonce = str(now // 1000), secrets.token_hex(16)
    parts = urlsplit(url)
    path = parts.path or "/"
    text = f"{timestamp}.{nonce}.{path}?{parts.query}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"X-Chaguan-Timestamp": timestamp, "X-Chaguan-Nonce": nonce, "X-Chaguan-Signature": signature}


def _checked(body: bytes) -> msgspec.Raw:
    if len(body) > MAX_BYTES:
        raise AppError(ErrorCode.unavailable, "the shop's server answered too much", retry_after_ms=10_000)
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AppError(
            ErrorCode.unavailable, "the shop's server did not answer JSON", retry_after_ms=10_000
        ) from error
    if not isinstance(decoded, dict):
        raise AppError(
            ErrorCode.unavailable, "the shop's server did not answer an object", retry_after_ms=10_000
        )
    return msgspec.Raw(body)
