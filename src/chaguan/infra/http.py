"""The one way out: every request to a configured address goes through `GuardedHttp`.

It drives httpx's connection pool (httpcore) directly, because httpx's client would follow the environment's
proxies and log whole URLs, and vendors put secrets into query strings.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import httpcore
import httpx
import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.addresses import Allowance

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses, in order of preference. Raises OSError when the name has none."""

T = TypeVar("T")

_RETRY_MS = 5_000
_CONNECT_S = 5.0
_MAX_ADDRESSES = 3  # tried one after another, within the caller's deadline


class Answer(msgspec.Struct, frozen=True):
    """What the other side said. A redirect is an answer like any other: it is never followed.

    Header names are lower case; of a repeated header the last value stays.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to the very address it checked, so a second look-up cannot change it.

    The pool keys connections by host name and verifies certificates against it, whatever address is behind.
    """

    def __init__(self, resolve: Resolve, allow: Sequence[str]) -> None:
        self._resolve = resolve
        self._allowance = Allowance(allow)
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._checked(host, port)
        for address in addresses[:-1]:
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AppError(ErrorCode.forbidden, "no unix sockets", reason="address_not_allowed")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise _unavailable(host, "name_not_found") from error
        permitted = [address for address in found if self._allowance.permits(host, port, address)]
        if found and not permitted:
            raise AppError(
                ErrorCode.forbidden,
                f"{host} leads to an address that is not public; allow its network in the settings",
                reason="address_not_allowed",
                host=host,
            )
        if not permitted:
            raise _unavailable(host, "name_not_found")
        return permitted[:_MAX_ADDRESSES]


def _unavailable(host: str, reason: str, **data: Any) -> AppError:
    detail = f"{host}: {reason.replace('_', ' ')}"
    data.setdefault("retry_after_ms", _RETRY_MS)
    return AppError(ErrorCode.unavailable, detail, reason=reason, host=host, **data)


class GuardedHttp:
    """An HTTP client for addresses that people configure (vendors, webhooks, link targets).

    - Only `http` and `https`, without user info in the URL. Only public addresses, or what `allow`
      opens (networks and hosts, see `Allowance`); otherwise `forbidden` with `data.reason = "address_not_allowed"`.
    - Redirects are not followed, proxies and cookies not used, compressed answers not accepted (a few bytes
      could unpack to gigabytes).
    - At most `per_host` exchanges with one host at a time; further ones wait, within their own `timeout_s`. A host
      that hangs holds its share of the connections and of those who wait, never everybody's.
    - `timeout_s` bounds the whole exchange, from the look-up of the name to the last byte: `timeout`.
    - `max_bytes` bounds the answer's body: `unavailable`, `data.reason = "answer_too_large"`.
    - Whatever else the network does: `unavailable`. All busy errors carry `data.retry_after_ms`.

    Errors name the host, never the path or query, which may hold secrets.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        timeout_s: float = 10.0,
        max_bytes: int = 1024 * 1024,
        max_connections: int = 100,
        per_host: int = 20,
        resolve: Resolve = resolve_by_system,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._per_host = per_host
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=max_connections,
            max_keepalive_connections=max_connections // 4,
            keepalive_expiry=30.0,
            network_backend=_CheckedBackend(resolve, allow),
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
    ) -> Answer:
        """One exchange. Any status is an `Answer`; see the class for what raises."""
        request = _build(method, url, params, content, headers)
        limit = self._max_bytes if max_bytes is None else max_bytes
        seconds = self._timeout_s if timeout_s is None else timeout_s
        host = request.url.host
        try:
            async with asyncio.timeout(seconds), self._share(host):
                return await self._exchange(request, limit)
        except TimeoutError as error:
            raise _too_slow(host, seconds) from error
        except httpcore.TimeoutException as error:
            raise _too_slow(host, min(seconds, _CONNECT_S)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _unavailable(host, "tls_failed" if _is_tls(error) else "connection_failed") from error

    async def send_json(
        self,
        method: str,
        url: str,
        answer_type: type[T],
        *,
        params: Mapping[str, str] | None = None,
        body: object = msgspec.UNSET,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
    ) -> T:
        """Sends `body` as JSON if given and decodes a 2xx answer, whatever its content type says.

        Another status, or a body that is not an `answer_type`: `unavailable` with `data.status`. Nothing of
        the body goes into the error.
        """
        content = None if body is msgspec.UNSET else msgspec.json.encode(body)
        sent = {"accept": "application/json", **(headers or {})}
        if content is not None:
            sent["content-type"] = "application/json"
        answer = await self.send(
            method,
            url,
            params=params,
            content=content,
            headers=sent,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
        )
        host = httpx.URL(url).host
        if not answer.is_success:
            raise _unavailable(host, "unexpected_status", status=answer.status)
        try:
            return msgspec.json.decode(answer.body, type=answer_type)
        except msgspec.DecodeError as error:
            raise _unavailable(host, "unexpected_answer", status=answer.status) from error

    async def close(self) -> None:
        await self._pool.aclose()

    @asynccontextmanager
    async def _share(self, host: str) -> AsyncIterator[None]:
        share = self._shares.get(host)
        if share is None:
            # Weakly held: it lives as long as somebody uses it or waits for it, so names cost nothing afterwards.
            share = self._shares[host] = asyncio.Semaphore(self._per_host)
        async with share:
            yield

    async def _exchange(self, request: httpx.Request, limit: int) -> Answer:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.content,
                extensions={"timeout": {"connect": _CONNECT_S}},
            )
        )
        try:
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            body = await _bounded_body(response, headers, request.url.host, limit)
        finally:
            await response.aclose()
        return Answer(status=response.status, headers=headers, body=body)


def _is_tls(error: BaseException | None) -> bool:
    """Whether TLS is at the root: the layers below wrap its error several times over."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _build(
    method: str,
    url: str,
    params: Mapping[str, str] | None,
    content: bytes | None,
    headers: Mapping[str, str] | None,
) -> httpx.Request:
    try:
        target = httpx.URL(url)
        if target.scheme not in ("http", "https") or not target.host or target.userinfo:
            raise httpx.InvalidURL("not a plain http or https address")
        merged = {"user-agent": "chaguan", **(headers or {}), "accept-encoding": "identity"}
        return httpx.Request(method, target.copy_merge_params(params or {}), content=content, headers=merged)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AppError(
            ErrorCode.bad_request, "not a usable http or https address", reason="bad_url"
        ) from error


async def _bounded_body(
    response: httpcore.Response, headers: Mapping[str, str], host: str, limit: int
) -> bytes:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise _unavailable(host, "answer_is_compressed", status=response.status)
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and len(announced) < 20 and int(announced) > limit:
        raise _unavailable(host, "answer_too_large", limit=limit)
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > limit:
            raise _unavailable(host, "answer_too_large", limit=limit)
    return bytes(body)


def _too_slow(host: str, seconds: float) -> AppError:
    return AppError(
        ErrorCode.timeout,
        f"{host} took longer than {seconds:g} s",
        reason="too_slow",
        host=host,
        retry_after_ms=_RETRY_MS,
    )
