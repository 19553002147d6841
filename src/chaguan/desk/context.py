"""What the business's own server knows of a customer, asked for by a signed request and shown beside the chat."""

import hashlib
import hmac
import secrets
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.service import DeskService
from chaguan.desk.shop_server import Fetch, ShopServers, Told
from chaguan.messaging.ports import Directory
from chaguan.protocol.replies import CustomerContext


class ContextSource(NamedTuple):
    """Where a shop answers, and how it knows this customer."""

    url: str
    secret: str
    external_id: str
    app_id: str
    app_name: str
    openid: str = ""
    unionid: str = ""


class Sources(Protocol):
    async def source(self, user_id: str, app_id: str) -> ContextSource | None:
        """None when the shop has no context URL or the customer is not known to the business."""


class ContextService:
    def __init__(
        self, desk: DeskService, directory: Directory, sources: Sources, fetch: Fetch, clock: Clock = now_ms
    ) -> None:
        self._desk = desk
        self._directory = directory
        self._sources = sources
        self._clock = clock
        self._servers = ShopServers(fetch, clock)

    async def of(
        self, caller: Caller, conversation_id: str, language: str = "", *, anew: bool = False
    ) -> CustomerContext:
        customer = await self._desk.customer_of(caller, conversation_id)
        users = await self._directory.users([customer.user_id])
        if not users:
            raise AppError(ErrorCode.not_found, "no such customer")
        source = await self._sources.source(customer.user_id, customer.app_id)
        told = Told()
        if source is not None and source.url:
            told = await self._ask(source, question(source, language), customer.head_seq, anew)
        return CustomerContext(
            customer=users[0],
            external_id=source.external_id if source else "",
            app_name=source.app_name if source else "",
            case_context=customer.context,
            business=told.business,
            business_age_ms=max(0, self._clock() - told.at) if told.business is not None else 0,
            business_problem=told.problem,
            retry_after_ms=told.retry_after_ms,
        )

    async def _ask(self, source: ContextSource, url: str, head_seq: int, anew: bool) -> Told:
        def sign() -> dict[str, str]:
            return signed_headers(url, source.secret, self._clock())

        return await self._servers.ask(source.url, url, sign, head_seq, anew=anew)


def question(source: ContextSource, language: str) -> str:
    """The address to ask. What is not known, or was not asked for, does not stand in it."""
    more = {"language": language, "openid": source.openid, "unionid": source.unionid}
    asked = {"user": source.external_id, "app": source.app_id}
    asked |= {name: value for name, value in more.items() if value}
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
