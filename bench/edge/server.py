"""The server under measurement: our edge under uvicorn with a dispatcher that answers from memory.

Prints `{"port": …}`, then answers each line `{"do": …}` of its input with one line of figures.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from chaguan.core.caller import Caller
from chaguan.gateway.crowd import Crowd, Pacing
from chaguan.gateway.edge import Edge, EdgeSettings
from chaguan.gateway.server import EdgeServer, listen, raise_descriptor_limit, tame_collector
from chaguan.gateway.session import Session
from chaguan.gateway.tls import server_context
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.commands import Heartbeat, Hello


class Greeter:
    """Signs everybody in and subscribes `topics` topics: the own user, the room, groups of a hundred."""

    def __init__(self, topics: int, is_private: bool) -> None:
        self.topics = topics
        self.is_private = is_private
        self.edge: Edge

    async def hello(self, session: Session, command: Hello) -> object:
        user = command.token
        session.caller = Caller(kind="customer", user_id=user, app_id="a", device_id=command.device_id)
        number = int(user[2:])
        subscribe = self.edge.hub.subscribe
        subscribe(session, f"user:{user}")
        subscribe(session, "conversation:room")
        for nth in range(self.topics - 2):
            group = number if self.is_private else number // 100
            subscribe(session, f"conversation:c_{nth:04d}_{group:021d}")
        return {"user_id": user}

    async def call(self, session: Session, command: Any) -> object:
        return None

    async def reauthorize(self, session: Session) -> None:
        return None

    def left(self, session: Session) -> None:
        return None


async def app(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("no HTTP in this bench")


def memory_kib() -> dict[str, int]:
    fields = dict(
        line.split(":", 1)
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
        if ":" in line
    )
    return {"rss": int(fields["Rss"].split()[0]), "pss": int(fields["Pss"].split()[0])}


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        pacing = Pacing() if options.merged else Pacing(tick_s=0, is_merging=False)
        greeter = Greeter(options.topics, options.private)
        self.edge = Edge(
            greeter,
            Hello | Heartbeat,
            EdgeSettings(connections_per_address=100_000),
            pacing=pacing,
        )
        greeter.edge = self.edge
        tls = server_context(Path(options.certificate), Path(options.key)) if options.certificate else None
        self.socket = listen("127.0.0.1", 0)
        self.server = EdgeServer(app, self.edge, tls)

    def room(self) -> Crowd:
        holder = self.edge.hub._topics["conversation:room"]
        assert isinstance(holder, Crowd)
        return holder

    async def emptied(self) -> None:
        room, outflow = self.room(), self.edge.outflow
        while not room.is_idle or outflow._is_scheduled:
            await asyncio.sleep(0)

    async def fan_out(self, rounds: int, size: int) -> dict[str, float]:
        frame = text_frame(b"x" * (size - 4 if size > 129 else size - 2))
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(rounds):
            self.edge.hub.publish("conversation:room", frame)
            await self.emptied()
        spent = time.process_time() - cpu
        took = time.perf_counter() - wall
        return {"deliveries": rounds * len(self.room().sessions), "cpu": spent, "wall": took}

    async def merged(self, per_second: int, seconds: float, size: int) -> dict[str, float]:
        """A busy room: `per_second` messages a second come in evenly, until all is out."""
        body = json.dumps({"type": "message_sent", "text": "x" * (size - 40)}).encode()
        frame = text_frame(body)
        cpu, wall, count, longest = time.process_time(), time.perf_counter(), 0, 0.0
        while (elapsed := time.perf_counter() - wall) < seconds:
            while count < elapsed * per_second:
                self.edge.hub.publish("conversation:room", frame)
                count += 1
            await asyncio.sleep(0.002)
            longest = max(longest, self.room().last_sweep_s)
        await self.emptied()
        spent, took = time.process_time() - cpu, time.perf_counter() - wall
        stats = self.edge.hub.stats()
        return {
            "deliveries": count * len(self.room().sessions),
            "cpu": spent,
            "wall": took,
            "longest_sweep": longest,
            "dropped": sum(stats.dropped.values()),
        }

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        do = order.pop("do")
        if do == "memory":
            cpu, begun = time.process_time(), time.perf_counter()
            gc.collect()
            took = (time.perf_counter() - begun) * 1000
            return {
                **memory_kib(),
                "sessions": len(self.edge.hub.sessions),
                "cpu": cpu,
                "collection_ms": took,
            }
        if do == "cpu":
            return {"cpu": time.process_time()}
        if do == "fan_out":
            return await self.fan_out(**order)
        if do == "merged":
            return await self.merged(**order)
        raise ValueError(do)

    async def run(self) -> None:
        serving = asyncio.create_task(self.server._serve([self.socket]))
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        tell({"port": self.socket.getsockname()[1], "pid": os.getpid()})
        while line := await reader.readline():
            tell(await self.obey(json.loads(line)))
        self.server.should_exit = self.server.force_exit = True
        for session in list(self.edge.hub.sessions):
            session.link.abort()  # type: ignore[attr-defined]
        await serving


def tell(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--topics", type=int, default=20)
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--merged", action="store_true")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    raise_descriptor_limit()
    tame_collector()
    await Bench(parser.parse_args()).run()


if __name__ == "__main__":
    uvloop.run(main())
