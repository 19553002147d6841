"""Pushing to a deployment's address as WeChat does: signed, encrypted, again when not answered within 5 s."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

import msgspec

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError
from chaguan.infra.http import GuardedHttp
from chaguan.platforms.sandbox.contact import Pushed
from chaguan.platforms.wechat.push import PushKeys, encrypt, sign
from chaguan.platforms.wechat.xml import write_flat

ANSWER_S = 5.0
AGAIN = 3
PAUSE_S = 1.0
"""Between attempts, where the answer came and was no good (assumed)."""
_REMEMBERED = 200


class Mode(StrEnum):
    plain = "plain"
    compatible = "compatible"
    safe = "safe"


class Format(StrEnum):
    json = "json"
    xml = "xml"


class Address(msgspec.Struct, frozen=True):
    """Where an app's pushes go, as its account's page has it."""

    url: str
    keys: PushKeys
    mode: Mode = Mode.safe
    format: Format = Format.json


class Outcome(msgspec.Struct):
    """A push and what became of it: `delivered`, `failed`, or still `trying`."""

    app_id: str
    what: Annotated[str, msgspec.Meta(max_length=64)]
    state: str = "trying"
    attempts: int = 0


class Pusher:
    """`answer_s` and `pause_s` are shorter in tests alone."""

    def __init__(
        self,
        http: GuardedHttp,
        clock: Clock = now_ms,
        answer_s: float = ANSWER_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._http = http
        self._clock = clock
        self._answer_s = answer_s
        self._pause_s = pause_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.outcomes: deque[Outcome] = deque(maxlen=_REMEMBERED)

    async def verify(self, address: Address) -> bool:
        """What WeChat asks when the address is saved: does it answer with `echostr`?"""
        echo = str(secrets.randbits(62))
        query = {**self._signed(address.keys), "echostr": echo}
        try:
            answer = await self._http.send("GET", address.url, params=query, timeout_s=self._answer_s)
        except AppError:
            return False
        return answer.is_success and answer.body == echo.encode()

    def push(self, address: Address, message: Pushed, on_failed: Callable[[], None]) -> None:
        """`on_failed` is called when all attempts were in vain."""
        what = str(message.get("Event") or message["MsgType"])
        outcome = Outcome(address.keys.app_id, what)
        self.outcomes.append(outcome)
        task = asyncio.create_task(self._push(address, message, outcome, on_failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _push(
        self, address: Address, message: Pushed, outcome: Outcome, on_failed: Callable[[], None]
    ) -> None:
        for attempt in range(1 + AGAIN):
            outcome.attempts = attempt + 1
            if await self._is_taken(self._attempt(address, message)):
                outcome.state = "delivered"
                return
            await asyncio.sleep(self._pause_s)
        outcome.state = "failed"
        on_failed()

    async def _is_taken(self, attempt: Awaitable[bytes | None]) -> bool:
        try:
            # Empty, `success`, or an encrypted answer: whatever came in time with status 200.
            return await attempt is not None
        except AppError:
            return False

    async def _attempt(self, address: Address, message: Pushed) -> bytes | None:
        query, body = self.written(address, message)
        answer = await self._http.send(
            "POST", address.url, params=query, content=body, timeout_s=self._answer_s, max_bytes=64 * 1024
        )
        return answer.body if answer.status == 200 else None

    def written(self, address: Address, message: Pushed) -> tuple[dict[str, str], bytes]:
        """Query and body of one attempt."""
        query = {**self._signed(address.keys), "openid": str(message["FromUserName"])}
        if address.mode is Mode.plain:
            return query, _write(message, address.format)
        sealed = encrypt(address.keys, _write(message, address.format))
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(address.keys.token, query["timestamp"], query["nonce"], sealed)
        beside = message if address.mode is Mode.compatible else {"ToUserName": message["ToUserName"]}
        return query, _write({**beside, "Encrypt": sealed}, address.format)

    def _signed(self, keys: PushKeys) -> dict[str, str]:
        timestamp, nonce = str(self._clock() // 1000), str(secrets.randbits(30))
        return {"signature": sign(keys.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def _write(message: Pushed, format: Format) -> bytes:
    return write_flat(message) if format is Format.xml else msgspec.json.encode(message)
