"""What goes over a page's WebSocket: read, held back, answered in the server's stead, cut."""

import asyncio
import json
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect


class Wire:
    """`hold` keeps commands of one type back until `release`; `refuse` answers those of one type with an error
    until `accept`: after a reconnect a client says again what was not answered."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self._held: list[tuple[WebSocketRoute, str]] = []
        self._type = ""
        self._refused: dict[str, str] = {}
        self._open: WebSocketRoute | None = None

    async def tap(self, page: Page) -> None:
        await page.route_web_socket("**/v1/ws", self._connect)
        await page.reload()
        await expect(page.locator(".rail")).to_be_visible()

    def hold(self, type: str) -> None:
        self._type = type

    def release(self) -> None:
        self._type = ""
        held, self._held = self._held, []
        for server, frame in held:
            server.send(frame)

    async def until_held(self) -> None:
        async with asyncio.timeout(10):
            while not self._held:
                await asyncio.sleep(0.02)

    def refuse(self, type: str, code: str) -> None:
        self._refused[type] = code

    def accept(self, type: str) -> None:
        del self._refused[type]

    def tell(self, frame: str) -> None:
        """As if the server had sent it."""
        assert self._open is not None
        self._open.send(frame)

    async def cut(self) -> None:
        """As when the network goes: without a word to either side."""
        assert self._open is not None
        await self._open.close(code=3000, reason="cut")

    async def until_sent(self, type: str) -> None:
        async with asyncio.timeout(10):
            while not any(command["type"] == type for command in self.sent):
                await asyncio.sleep(0.02)

    async def until_answered(self, type: str) -> None:
        async with asyncio.timeout(10):
            while not self._answered(type):
                await asyncio.sleep(0.02)

    def _answered(self, type: str) -> bool:
        asked = {command["id"] for command in self.sent if command["type"] == type}
        return any(each["type"] == "reply" and each["id"] in asked for each in self.heard)

    def pushed(self, text: str) -> bool:
        return any(
            push["type"] == "message_sent" and push.get("content", {}).get("text") == text
            for push in self.heard
        )

    def _connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        self._open = page

        def on_sent(frame: str | bytes) -> None:
            command = json.loads(frame)
            self.sent.append(command)
            if code := self._refused.get(command["type"], ""):
                refusal = {"code": code, "detail": "refused by the test"}
                page.send(json.dumps({"type": "reply", "id": command["id"], "error": refusal}))
            elif command["type"] == self._type:
                self._held.append((server, str(frame)))
            else:
                server.send(frame)

        def on_heard(frame: str | bytes) -> None:
            heard = json.loads(frame)
            self.heard += heard if isinstance(heard, list) else [heard]
            page.send(frame)

        page.on_message(on_sent)
        server.on_message(on_heard)
