"""TLS on memory buffers, because asyncio's own keeps a quarter of a megabyte for every connection.

`TlsConnection` is a protocol towards the socket's transport and a transport towards uvicorn's HTTP protocol.
Nothing is kept for a quiet connection but OpenSSL's own state; both directions pass through in small slices, so
that the buffers, which OpenSSL never shrinks, stay small.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from chaguan.gateway.wheel import Wheel

_SLICE = 4_096
_READ = 65_536
_HANDSHAKE_S = 10.0
_CLOSE_S = 30.0
_NO_EXTRA: dict[str, Any] = {}
_WHY = b"This port speaks TLS: use https:// or wss://.\n"
_SPEAK_TLS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%b" % (len(_WHY), _WHY)
)
"""To whom speaks plain HTTP, as a person who forgot the `s` would else see a connection that just breaks."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer, HTTP/1.1 (a WebSocket begins as that), session tickets for quick returns."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 1
    return context


class TlsConnection(asyncio.Transport, asyncio.Protocol):
    """One TLS connection. `inner` sees an ordinary transport once the handshake is done, and not before."""

    __slots__ = (
        "_held",
        "_incoming",
        "_inner",
        "_is_closing",
        "_is_open",
        "_is_paused",
        "_loop",
        "_lower",
        "_outgoing",
        "_tls",
        "_wheel",
        "wheel_slot",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        inner: asyncio.Protocol,
        wheel: Wheel,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(_NO_EXTRA)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._inner: asyncio.Protocol = inner
        self._lower: asyncio.Transport = None  # type: ignore[assignment]  # set in connection_made
        self._loop = loop
        self._wheel = wheel
        self._held = b""
        self._is_open = self._is_closing = self._is_paused = False
        self.wheel_slot = -1

    # Towards the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lower = cast(asyncio.Transport, transport)
        self._wheel.schedule(self, self._wheel.ticks(_HANDSHAKE_S))

    def connection_lost(self, exc: Exception | None) -> None:
        self._wheel.cancel(self)
        self._is_closing = True
        self._held = b""
        if self._is_open:
            self._is_open = False
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._held:
            self._held += data
        elif len(data) <= _SLICE:
            self._feed(data)
        else:
            self._held = data
            self._feed_held()

    def eof_received(self) -> bool:
        """The peer's TCP end without close_notify: whatever it had said is all there will be."""
        self._incoming.write_eof()
        self._end_of_input()
        return False

    def pause_writing(self) -> None:
        if self._is_open:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._is_open:
            self._inner.resume_writing()

    def on_deadline(self, now: int) -> int:
        """The handshake, or the flushing of the last bytes, took too long."""
        if not self._is_open or self._is_closing:
            self._lower.abort()
        return 0

    def _feed_held(self) -> None:
        held, at = self._held, 0
        while at < len(held) and not self._is_paused and not self._is_closing:
            self._feed(held[at : at + _SLICE])
            at += _SLICE
        self._held = b"" if self._is_closing else held[at:]

    def _feed(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            if not self._is_open and not self._is_closing:
                self._tls.do_handshake()
                self._flush()
                self._opened()
            self._read()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._refuse(error)

    def _refuse(self, error: ssl.SSLError) -> None:
        if error.reason == "HTTP_REQUEST" and not self._is_open:
            self._lower.write(_SPEAK_TLS)
        else:
            self._flush()  # the alert that tells the peer why
        self._is_closing = True
        self._lower.close()

    def _opened(self) -> None:
        self._wheel.cancel(self)
        self._is_open = True
        self._inner.connection_made(self)

    def _read(self) -> None:
        """Hand on what is decrypted until there is no more (SSLWantReadError) or the inner protocol pauses."""
        while not self._is_paused and not self._is_closing:
            try:
                plain = self._tls.read(_READ)
            except ssl.SSLZeroReturnError:
                plain = b""
            if not plain:
                self._end_of_input()
                return
            self._inner.data_received(plain)

    def _end_of_input(self) -> None:
        if self._is_open and not self._is_closing and not self._inner.eof_received():
            self.close()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._lower.is_closing():
            self._lower.write(self._outgoing.read())

    # Towards the inner protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._is_closing or not data:
            return
        try:
            if len(data) <= _SLICE:
                self._tls.write(data)
                self._lower.write(self._outgoing.read())
            else:
                self._lower.write(b"".join(self._sealed(memoryview(data))))
        except ssl.SSLError:
            self.abort()

    def _sealed(self, data: memoryview) -> list[bytes]:
        records = []
        for at in range(0, len(data), _SLICE):
            self._tls.write(data[at : at + _SLICE])
            records.append(self._outgoing.read())
        return records

    def close(self) -> None:
        """Say close_notify, flush, end. The peer's close_notify is not waited for (RFC 8446 §6.1)."""
        if self._is_closing:
            return
        self._is_closing = True
        self._say_goodbye()
        self._wheel.schedule(self, self._wheel.ticks(_CLOSE_S))
        self._lower.close()

    def _say_goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # SSLWantReadError: ours is written, the peer's is not here
            self._tls.unwrap()
        self._flush()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._say_goodbye()
        self._lower.write_eof()

    def abort(self) -> None:
        self._is_closing = True
        self._lower.abort()

    def is_closing(self) -> bool:
        return self._is_closing or self._lower.is_closing()

    def pause_reading(self) -> None:
        self._is_paused = True
        self._lower.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        """First what is decrypted or held, then the socket: it must not be read while there is a backlog."""
        if self._is_paused or self._is_closing:
            return
        self._feed(b"")
        self._feed_held()
        if not self._is_paused and not self._is_closing:
            self._lower.resume_reading()

    def is_reading(self) -> bool:
        return not self._is_paused

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._inner = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._inner

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "sslcontext":
            return self._tls.context
        if name == "ssl_object":
            return self._tls
        return self._lower.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._lower.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._lower.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._lower.set_write_buffer_limits(high, low)


def over_tls(
    inner: Callable[..., asyncio.Protocol], context: ssl.SSLContext, wheel: Wheel
) -> Callable[..., asyncio.Protocol]:
    """What `uvicorn.Config(http=…)` is given: its HTTP protocol, wrapped."""

    def make(*, _loop: asyncio.AbstractEventLoop | None = None, **arguments: Any) -> TlsConnection:
        loop = _loop or asyncio.get_running_loop()
        return TlsConnection(context, inner(_loop=loop, **arguments), wheel, loop)

    return make
