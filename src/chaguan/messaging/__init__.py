"""Conversations and their logs: what others may use of messaging."""

import asyncio

from chaguan.core.clock import Clock, now_ms
from chaguan.core.settings import Limits, Policy
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging import tables as tables  # registers them
from chaguan.messaging.conversations import Conversations
from chaguan.messaging.forwarding import Forwarding
from chaguan.messaging.keys import rewrap_keys
from chaguan.messaging.log import Log
from chaguan.messaging.marks import Marks
from chaguan.messaging.members import Members
from chaguan.messaging.messages import Messages
from chaguan.messaging.pace import Pace
from chaguan.messaging.ports import Access, BeforeAppend, Directory, Links, Publisher
from chaguan.messaging.revisions import Revisions
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.safety import Safety
from chaguan.messaging.search.service import Search
from chaguan.messaging.sync import Sync
from chaguan.messaging.tail import Tail
from chaguan.messaging.views import Views
from chaguan.messaging.writer import LogWriter

__all__ = ["Messaging"]


class Messaging:
    """The verbs by noun. Each takes the caller first and decides access before anything else."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        publisher: Publisher,
        directory: Directory,
        access: Access,
        before_append: BeforeAppend,
        link: Links,
        limits: Limits | None = None,
        policy: Policy | None = None,
        clock: Clock = now_ms,
        search: bool = True,
    ) -> None:
        limits = limits or Limits()
        self._db = db
        self._vault = vault
        self.rooms = Rooms(db, vault, access)
        self.marks = Marks(db, self.rooms, publisher)
        self.writer = LogWriter(db, clock)
        self.log = Log(self.writer, self.rooms, self.marks, publisher, link, clock)
        self.views = Views(db, vault, self.marks, publisher, link, directory, self.rooms)
        self.pace = Pace(limits, clock)
        self.messages = Messages(db, self.rooms, self.log, publisher, before_append, self.pace, limits, clock)
        self.revisions = Revisions(self.log)
        self.forwarding = Forwarding(db, self.rooms, self.log, directory, self.pace)
        self.conversations = Conversations(
            db,
            vault,
            self.rooms,
            self.log,
            self.views,
            self.marks,
            publisher,
            directory,
            policy or Policy(),
            limits,
            clock,
        )
        self.members = Members(db, self.rooms, self.log, self.views, publisher, directory, limits)
        self.sync = Sync(db, self.rooms, self.views, self.log.recent, link, directory)
        self.tail = Tail(db, self.rooms, self.log.recent, link)
        self.safety = Safety(db, vault, self.rooms, self.views, directory, clock)
        self.search = Search(db, vault, self.rooms, link, directory, enabled=search, clock=clock)
        self.log.listeners.append(self.search.wake)
        self._flushing: asyncio.Task[None] | None = None

    async def start(self, *, consumers: bool = True) -> None:
        await self.marks.recover()
        self._flushing = asyncio.create_task(self.marks.keep_flushing())
        if consumers:
            await self.search.start()

    async def rewrap_keys(self) -> int:
        """Put the conversations' keys under the current master key, in chunks; returns how many were not."""
        return await rewrap_keys(self._db, self._vault)

    async def stop(self) -> None:
        """What was accepted is written; marks that wait are flushed."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        await self.writer.flush()
        await self.search.stop()
        await self.marks.finish()
