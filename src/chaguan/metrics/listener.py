"""The listener beside the main port: `/metrics`, `/health` and `/ready` for the deployment's own machines."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping

from chaguan.core.settings import host_and_port

logger = logging.getLogger("chaguan.metrics")
HEAD_S = 5
PAGE_S = 10
Page = Callable[[], Awaitable[tuple[int, str, str]]]
"""Status, content type, text."""
_REASONS = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
_PLAIN = "text/plain; charset=utf-8"


def is_bearer(header: str, token: str) -> bool:
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class Listener:
    """HTTP/1.1 as scrapers speak it: GET, no body, one answer a connection. `guarded` pages ask for the token."""

    def __init__(
        self, pages: Mapping[str, Page], token: str = "", guarded: frozenset[str] = frozenset({"/metrics"})
    ) -> None:
        self._pages = pages
        self._token = token
        self._guarded = guarded
        self._server: asyncio.Server | None = None

    async def start(self, address: str) -> int:
        host, port = host_and_port(address)
        self._server = await asyncio.start_server(self._serve, host, port, limit=16_384)
        return int(self._server.sockets[0].getsockname()[1])

    async def start_unix(self, path: str) -> None:
        self._server = await asyncio.start_unix_server(self._serve, path, limit=16_384)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            async with asyncio.timeout(PAGE_S):
                answer = await self._answer(head)
                writer.write(answer)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            logger.debug("a scrape was cut off")
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes:
        lines = head.split("\r\n")
        method, _, rest = lines[0].partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if method != "GET":
            return _response(405, _PLAIN, "GET only\n")
        page = self._pages.get(path)
        if page is None:
            return _response(404, _PLAIN, "".join(f"{known}\n" for known in self._pages))
        if (
            self._token
            and path in self._guarded
            and not is_bearer(headers.get("authorization", ""), self._token)
        ):
            return _response(401, _PLAIN, "Authorization: Bearer <metrics_token>\n")
        return _response(*await page())


def _response(status: int, kind: str, text: str) -> bytes:
    body = text.encode()
    extra = "WWW-Authenticate: Bearer\r\n" if status == 401 else ""
    head = f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{extra}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body
