"""Access tokens of mini programs, kept per process.

`stable_token` answers the same token to everyone who asks within its life, so processes need not share a cache:
each keeps its own copy, and none invalidates another's.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError

EARLY_MS = 4 * 60_000
"""WeChat hands out the next token from 5 minutes before the end; a minute of that is left for clock drift."""

FORCE_APART_MS = 75 * 60_000
"""Forcing is limited to 20 a day; at this distance a broken account cannot use them up."""


class Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"Token(expires_in={self.expires_in})"


Fetch = Callable[[bool], Awaitable[Token]]
"""Asks WeChat for a token; the argument is `force_refresh`."""


class TokenSource:
    """The token of one mini program: cached, renewed early, asked for by one caller at a time."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._text = ""
        self._expires_at = 0
        self._forced_at: int | None = None
        self._running: asyncio.Task[str] | None = None

    async def current(self) -> str:
        if self._clock() < self._expires_at - EARLY_MS:
            return self._text
        try:
            return await self._once()
        except AppError:
            if self._clock() < self._expires_at:
                return self._text  # the old one is good for some minutes more; the next call tries again
            raise

    async def replacing(self, refused: str) -> str:
        """A token other than `refused`. Callers refused at the same time share one renewal."""
        if self._text != refused and self._clock() < self._expires_at:
            return self._text
        self._expires_at = 0
        return await self._once(refused)

    async def _once(self, refused: str = "") -> str:
        if self._running is None:
            self._running = asyncio.create_task(self._renew(refused))
            self._running.add_done_callback(self._finished)
        # Shielded: one caller who gives up must not take the token from the others.
        return await asyncio.shield(self._running)

    def _finished(self, task: asyncio.Task[str]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # read here, since every waiting caller may have given up

    async def _renew(self, refused: str) -> str:
        token = await self._fetch(False)
        if token.access_token == refused and self._may_force():
            self._forced_at = self._clock()
            token = await self._fetch(True)
        self._text = token.access_token
        self._expires_at = self._clock() + token.expires_in * 1000
        return self._text

    def _may_force(self) -> bool:
        return self._forced_at is None or self._clock() - self._forced_at >= FORCE_APART_MS
