"""Answers of a shop's list for what is still being typed: to a conversation's customer, and to agents.

What is typed was not sent. It is neither stored nor logged; a keyed hash of it is remembered, beside the answers found.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from math import ceil

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.accounts.cache import Cache
from chaguan.accounts.rules import Budget, Tally, attempt
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import bot, bot_texts, rules
from chaguan.desk.shelf import Found, Shelf, Shelves
from chaguan.desk.store import answers as settings_store
from chaguan.desk.store import cases as case_store
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import ConversationKind
from chaguan.protocol.suggestions import SuggestedAnswer, SuggestedAnswers

LEAST = 2
"""Characters; fewer ask nothing."""
TYPIST = Budget(burst=20, refill_ms=500)
"""Of one user, on however many devices. Who types with pauses asks about once a second."""
TYPISTS, REMEMBERED = 20_000, 2_000
"""Users whose pace is known, and texts whose answers are."""


class Share:
    """How much of a core something may take: `share` of it in the long run, `at_once_s` seconds of that at once."""

    def __init__(self, clock: Callable[[], float], share: float = 0.2, at_once_s: float = 1.0) -> None:
        self._clock = clock
        self._share = share
        self._at_once_s = at_once_s
        self._settled_at = 0.0

    def wait_ms(self) -> int:
        """How long until there is some again; 0: there is."""
        return max(0, ceil(1000 * (self._settled_at - self._clock() - self._at_once_s)))

    def spent(self, seconds: float) -> None:
        self._settled_at = max(self._settled_at, self._clock()) + seconds / self._share


class Switches(Struct):
    """What matters here of a bot's settings, which may be large."""

    enabled: bool = False
    suggest: bool = True


class Suggesting:
    def __init__(self, db: Database, messaging: Messaging, shelves: Shelves) -> None:
        self._db = db
        self._rooms = messaging.rooms
        self._shelves = shelves
        self.clock: Callable[[], float] = time.monotonic
        self._tallies: Cache[str, Tally] = Cache(TYPISTS)
        self._known: Cache[bytes, list[Found]] = Cache(REMEMBERED)
        self._secret = secrets.token_bytes(32)
        self.share = Share(lambda: self.clock())

    async def access_suggestions(self, caller: Caller, conversation_id: str) -> Room:
        """For the conversation's customer and for agents. Whoever else may look into it learns as much as a stranger."""
        room, member = await self._rooms.access_conversation(caller, conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        is_customer = caller.user_id == room.customer_id and member.is_current
        if not is_customer and not rules.is_agent(caller):
            raise AppError(ErrorCode.not_found, "no such conversation")
        return room

    async def suggest(self, caller: Caller, command: c.SuggestAnswers) -> SuggestedAnswers:
        room = await self.access_suggestions(caller, command.conversation_id)
        self._count(caller)
        is_customer = caller.user_id == room.customer_id
        switches = await self._db.read(
            lambda con: settings_store.settings(con, room.shop_id, bot.KIND, Switches)
        )
        if is_customer and not switches.suggest:
            return SuggestedAnswers(off=True)
        shelf = await self._shelves.of(room.shop_id)
        if not shelf.entries:
            return SuggestedAnswers(off=True)
        text = " ".join(command.text.split())
        found = await self._find(room.shop_id, shelf, text) if len(text) >= LEAST else []
        if not found:
            return SuggestedAnswers()
        asks_bot = is_customer and switches.enabled and await self._db.read(lambda con: _is_bots(con, room))
        language = bot_texts.language_of(text, found[0].language)
        return SuggestedAnswers(
            [_shown(shelf, each) for each in found], human=bot_texts.HUMAN[language] if asks_bot else ""
        )

    def _count(self, caller: Caller) -> None:
        now = int(1000 * self.clock())
        verdict = attempt(TYPIST, self._tallies.find(caller.user_id) or Tally(), now)
        self._tallies.put(caller.user_id, verdict.tally)
        if not verdict.allowed:
            raise AppError(ErrorCode.rate_limited, "too many texts", retry_after_ms=verdict.retry_after_ms)

    async def _find(self, shop_id: str, shelf: Shelf, text: str) -> list[Found]:
        key = self._key(shop_id, shelf.version, text)
        known = self._known.find(key)
        if known is not None:
            return known
        wait_ms = self.share.wait_ms()
        if wait_ms:
            raise AppError(ErrorCode.unavailable, "too many type", retry_after_ms=wait_ms)
        found, seconds = await self._shelves.glance(shelf, text)
        self.share.spent(seconds)
        self._known.put(key, found)
        return found

    def _key(self, shop_id: str, version: int, text: str) -> bytes:
        said = f"{shop_id}\0{version}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(said, digest_size=16, key=self._secret).digest()


def _is_bots(con: Connection, room: Room) -> bool:
    """Whether the next message is answered by a bot first."""
    alive = case_store.open_ones(con, room.id)
    return not alive or any(held.case.bot_id for held in alive)


def _shown(shelf: Shelf, found: Found) -> SuggestedAnswer:
    text = shelf.entries[found.entry_id].texts[found.language]
    return SuggestedAnswer(found.entry_id, text.question, text.answer, found.language)
