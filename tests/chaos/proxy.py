"""A relay in front of one server's port, which can behave as a bad network does."""

import asyncio
import contextlib


class Proxy:
    """Bytes go both ways unless told otherwise. `part` holds everything back without closing, as a tunnel does;
    `cut` resets what is open; `deafen` loses what the server says and, healed, resets it; `delay_s` is added to each
    chunk, in order."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.delay_s = 0.0
        self._loses_answers = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()

    async def start(self) -> "Proxy":
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def lead_to(self, port: int) -> None:
        """New connections go elsewhere; those that are open end, and nothing reaches the old place any more."""
        self._to = port
        self.cut()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.heal()
            self.cut()
            await asyncio.gather(*self._relays)

    def part(self) -> None:
        self._passes.clear()

    def deafen(self) -> None:
        self._loses_answers = True

    def heal(self) -> None:
        if self._loses_answers:
            self._loses_answers = False
            self.cut()
        self._passes.set()
        self.delay_s = 0.0

    def cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.current_task()
        assert relay is not None
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)
        await self._passes.wait()
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, to_writer}
        self._open |= both
        pumps = [
            asyncio.create_task(self._pump(reader, to_writer)),
            asyncio.create_task(self._pump(to_reader, writer, are_answers=True)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._open -= both
        for each in both:
            each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, are_answers: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if are_answers and self._loses_answers:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
