"""A real deployment on a real socket, for the end-to-end tests."""

import asyncio
import json
from pathlib import Path
from typing import Any

import uvicorn
import websockets

from chaguan.app import Deployment, open_deployment
from chaguan.core.ids import uuid7
from chaguan.core.settings import Settings
from chaguan.gateway.server import EdgeServer, listen
from chaguan.messaging.model import uuid_text
from chaguan.serving import http_app


async def nothing_here(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Running:
    def __init__(
        self, deployment: Deployment, server: uvicorn.Server, task: asyncio.Task[None], port: int
    ) -> None:
        self.deployment = deployment
        self._server = server
        self._task = task
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/v1/ws"

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task
        await self.deployment.stop()


async def run(folder: Path, **settings: Any) -> Running:
    """The WebSocket edge alone."""
    deployment = await open_deployment(Settings(data_dir=str(folder), **settings))
    await deployment.start()
    return await _serve(deployment, nothing_here)


async def run_whole(folder: Path, **settings: Any) -> Running:
    """With HTTP and its pages, as `chaguan serve` runs it."""
    deployment = await open_deployment(Settings(data_dir=str(folder), **settings))
    await deployment.start()
    return await _serve(deployment, http_app(deployment, None, {}))


async def _serve(deployment: Deployment, app: Any) -> Running:
    sock = listen("127.0.0.1", 0)
    server = EdgeServer(app, deployment.edge)
    server.config.lifespan = "off"
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    return Running(deployment, server, task, sock.getsockname()[1])


class Client:
    """A client as protocol.md describes it, without any of the SDK's comforts."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._id = 0
        self.pushes: list[dict[str, Any]] = []
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, **options: Any) -> "Client":
        return cls(await websockets.connect(url, compression=None, proxy=None, **options))

    async def ask(self, type: str, **fields: Any) -> Any:
        reply = await self.raw(type, **fields)
        assert "error" not in reply, reply
        return reply.get("ok")

    async def raw(self, type: str, **fields: Any) -> dict[str, Any]:
        self._id += 1
        future = self._replies[self._id] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"type": type, "id": self._id, **fields}))
        return await asyncio.wait_for(future, 10)

    async def hello(self, token: str, device_id: str = "dev", **fields: Any) -> Any:
        return await self.ask("hello", protocol=1, token=token, device_id=device_id, **fields)

    async def say(self, conversation_id: str, text: str) -> Any:
        return await self.ask(
            "send_message",
            conversation_id=conversation_id,
            client_msg_id=uuid_text(uuid7()),
            content={"type": "text", "text": text},
        )

    async def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """All of a conversation, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            page = await self.ask("get_history", conversation_id=conversation_id, after=after, limit=200)
            if not page["messages"]:
                return found
            found += page["messages"]

    async def until(self, type: str, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                for push in self.pushes:
                    if push["type"] == type and all(push.get(k) == v for k, v in wanted.items()):
                        return push
                await asyncio.sleep(0.005)

    async def ended(self) -> None:
        """Wait until the other side has closed."""
        await asyncio.gather(self._reading, return_exceptions=True)

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    @property
    def close_reason(self) -> str | None:
        return self._socket.close_reason

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                decoded = json.loads(frame)
                for item in decoded if isinstance(decoded, list) else [decoded]:
                    if item["type"] == "reply":
                        self._replies.pop(item["id"]).set_result(item)
                    else:
                        self.pushes.append(item)
        finally:
            for future in self._replies.values():
                future.cancel()  # no answer will come
