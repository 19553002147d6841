"""Between this process's sessions and those of the others: the hub's side of a shared broker.

An entry leaves once for each process that follows its topic. It reaches sessions in the order of the log, whoever
appended it; a hole that does not close by itself is filled from the database.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from chaguan.core.errors import AppError
from chaguan.gateway.hub import Hub, Listener
from chaguan.gateway.lifetime import RESUME_NEEDED
from chaguan.gateway.order import Line, Order, Said
from chaguan.gateway.websocket import payload_of, text_frame
from chaguan.infra.broker import Broker
from chaguan.protocol import entries
from chaguan.protocol.content import Text
from chaguan.protocol.entries import Entry

logger = logging.getLogger("chaguan.relay")
NODES = "nodes"
"""The topic that every process follows."""
HOLE_S = 0.2
RETRY_S = 1.0
MAX_FILL = 200
IDLE_S = 15.0
REPAIR_S = 10.0
FILLS_AT_ONCE = 8
_READINGS = 10
_ENTRIES: tuple[type, ...] = Entry.__args__
_LOGS = ("g_", "s_")


class Told(Struct, array_like=True, tag=1, gc=False):
    """A push that has no place in a log."""

    frame: bytes


class Follow(Struct, array_like=True, tag=2, gc=False):
    """The user's sessions follow the conversation from the entry after `seq` on."""

    user_id: str
    topic: str
    seq: int


class Head(Struct, array_like=True, tag=3, gc=False):
    """The log had reached `seq` some seconds ago: who has not pushed it lost something."""

    conversation_id: str
    seq: int


class News(Struct, array_like=True, tag=4, gc=False):
    """Something that other processes remember has changed; `app.py` knows the kinds."""

    kind: str
    id: str
    device_id: str = ""
    reason: str = ""


Note = Said | Told | Follow | Head | News
_encode_note = msgspec.msgpack.Encoder().encode
_decode_note = msgspec.msgpack.Decoder(Note).decode
_encode_push = msgspec.json.Encoder().encode


Move = tuple[str, str, bool]
"""A conversation, a user, and whether they joined it; else they left."""


class Logs(Protocol):
    """The ends of the logs (`messaging.tail`)."""

    def heard(
        self, conversation_id: str, seq: int, ordinal: int, created_at: int, text_entry: bytes | None
    ) -> None: ...
    def forget(self, conversation_id: str) -> None: ...
    async def heads(self, conversation_ids: Sequence[str]) -> dict[str, int]: ...
    async def since(self, conversation_id: str, seq: int, limit: int) -> tuple[list[Entry], int]: ...
    async def moves(self, gaps: Mapping[str, tuple[int, int]]) -> Sequence[Move]: ...
    async def joined(self, user_id: str) -> dict[str, int]: ...


class Newcomer:
    """Joined a conversation whose others are told more while what they were told before is being read."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.frames: list[bytes] = []
        self.has_left = False


def has_log(topic: str) -> bool:
    return topic.startswith(_LOGS)


class Relay:
    def __init__(self, hub: Hub, broker: Broker, logs: Logs, on_news: Callable[[News], None]) -> None:
        self._hub = hub
        self._broker = broker
        self._logs = logs
        self._on_news = on_news
        self.on_link: Callable[[bool], None] = lambda _is_linked: None
        """Called when the link broke, and when it is back; news may have been missed."""
        self._order = Order(self._forward, self._has_hole)
        self._begun: dict[str, int] = {}
        """Topics that are heard and whose heads are known, each with the number of when that was."""
        self._idle: dict[str, float] = {}
        self._last: tuple[Struct | None, bytes, Said | None] = (None, b"", None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._fills = asyncio.Semaphore(FILLS_AT_ONCE)
        self._loop = asyncio.get_running_loop()
        self._departures: dict[str, int] = {}
        """Of users whose memberships are being read: another number with each that is heard."""
        self._numbers = count()
        self._newcomers: dict[str, list[Newcomer]] = {}
        self.filled = 0
        """Entries that had to be read because no push brought them."""
        broker.listen(self._heard, self._link_changed)
        broker.subscribe(NODES)
        hub.watch(self._opened, self._closed)

    async def start(self) -> None:
        await self._broker.start()
        self._run(self._tidy())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broker.stop()

    # What this process follows

    def _opened(self, topic: str) -> None:
        self._idle.pop(topic, None)
        self._broker.subscribe(topic)

    def _closed(self, topic: str) -> None:
        self._idle[topic] = self._loop.time()

    async def _tidy(self) -> None:
        """Who comes back soon, as a phone does that changes networks, finds the topic still followed."""
        while True:
            await asyncio.sleep(IDLE_S / 3)
            before = self._loop.time() - IDLE_S
            for topic in [topic for topic, since in self._idle.items() if since < before]:
                del self._idle[topic]
                if not self._hub.is_local(topic):
                    self._broker.unsubscribe(topic)
                    self._begun.pop(topic, None)
                    self._order.forget(topic)

    async def ready(self, topics: Iterable[str]) -> None:
        """Return when what is published from now on arrives here; then heads may be read (DESIGN §2.4). Without
        a link at once: what is missed meanwhile is repaired when it is back."""
        wanted = [topic for topic in topics if topic not in self._begun]
        for topic in wanted:
            if not self._is_here(topic):
                self._idle[topic] = self._loop.time()
                self._broker.subscribe(topic)
        if wanted and await self._broker.confirmed(wanted):
            await self._begin(wanted)
        elif unknown := [topic for topic in wanted if self._order.last(topic, topic) is None]:
            # Who comes or goes from here on is found when the link is back.
            await self._begin(unknown)

    async def listen(self, session: Listener, user_id: str) -> None:
        """Subscribe the session to the conversations of its user. A membership is read when the others are heard: who
        leaves from then on is heard leaving, and if somebody was heard leaving meanwhile, it is read again."""
        await self.ready([user_id])
        self._subscribe(session, await self._joined(user_id))

    async def _joined(self, user_id: str) -> dict[str, int]:
        try:
            for is_again in (False, *[True] * _READINGS):
                asked = next(self._numbers)
                departures = self._departures.setdefault(user_id, asked)
                joined = await self._logs.joined(user_id)
                # A crowd that comes back finds its conversations followed: one reading is enough for it.
                was_heard = all(self._begun.get(topic, asked) < asked for topic in joined)
                if self._departures.get(user_id) == departures and (
                    was_heard or (is_again and not self._broker.is_linked)
                ):
                    break
                await self.ready(joined)
        finally:
            self._departures.pop(user_id, None)  # who else reads the same reads once more
        return joined

    def _has_left(self, user_id: str, topic: str) -> None:
        if user_id in self._departures:
            self._departures[user_id] = next(self._numbers)
        for newcomer in self._newcomers.get(topic, ()):
            newcomer.has_left |= newcomer.user_id == user_id
        for session in self._hub.sessions_of(user_id):
            self._hub.unsubscribe(session, topic)

    def _subscribe(self, session: Listener, joined: Mapping[str, int]) -> None:
        for topic, first_seq in joined.items():
            last = self._order.last(topic, topic)
            # Else what was said before they joined is still on its way here, and so is their joining, behind it.
            if last is None or first_seq <= last + 1:
                self._hub.subscribe(session, topic)

    async def _begin(self, topics: Sequence[str]) -> None:
        heads = await self._logs.heads([topic for topic in topics if has_log(topic)])
        lasts = {topic: self._order.last(topic, topic) for topic in heads}
        await self._move({topic: (last, heads[topic]) for topic, last in lasts.items() if last is not None})
        for topic, seq in heads.items():
            self._order.begin(topic, topic, seq)
        number = next(self._numbers)
        self._begun.update((topic, number) for topic in topics if self._broker.since(topic) is not None)

    # What this process says

    def publish(self, topic: str, push: Struct, frame: bytes) -> None:
        last, encoded, said = self._last
        if last is not push:
            said = self._said(push, frame)
            encoded = _encode_note(Told(frame) if said is None else said)
            self._last = (push, encoded, said)
        self._broker.publish(topic, encoded)
        if not self._is_here(topic):
            return
        if said is None:
            self._hub.publish(topic, frame)
        else:
            self._order.offer(topic, said)

    def skip(self, topic: str, entry: Struct) -> None:
        """An entry that is shown to nobody, and that all who count must count."""
        self.publish(topic, entry, b"")

    def follow(self, user_id: str, topic: str, seq: int) -> None:
        self._broker.publish(user_id, _encode_note(Follow(user_id, topic, seq)))
        if self._hub.is_local(user_id):
            self._run(self._follow(user_id, topic, seq))

    def announce(self, topic: str, conversation_id: str, seq: int) -> None:
        self._broker.publish(topic, _encode_note(Head(conversation_id, seq)))
        self._check_head(topic, conversation_id, seq)

    def tell(self, news: News) -> None:
        self._broker.publish(NODES, _encode_note(news), keep=True)

    def hint(self, news: News) -> None:
        """The same where it does not matter if nobody hears it."""
        self._broker.publish(NODES, _encode_note(news))

    def _is_here(self, topic: str) -> bool:
        return self._hub.is_local(topic) or topic in self._idle

    @staticmethod
    def _said(push: Struct, frame: bytes) -> Said | None:
        if not isinstance(push, _ENTRIES):
            return None
        said = Said(push.conversation_id, push.seq, frame, 0, push.created_at)  # type: ignore[attr-defined]
        if isinstance(push, entries.MessageSent):
            said.ordinal = push.ordinal
            said.is_text = isinstance(push.content, Text) and not push.changed_seq
        elif isinstance(push, entries.MemberJoined):
            said.joined = push.user_id
        elif isinstance(push, entries.MemberLeft):
            said.left = push.user_id
        return said

    # What the others say

    def _heard(self, topic: str, message: bytes) -> None:
        try:
            note: Note = _decode_note(message)
        except msgspec.MsgspecError:
            logger.warning("a process of another version said something that is not understood")
            return
        if isinstance(note, Said):
            text_entry = payload_of(note.frame) if note.is_text else None
            self._logs.heard(note.conversation_id, note.seq, note.ordinal, note.created_at, text_entry)
            if self._is_here(topic):
                self._order.offer(topic, note)
        elif isinstance(note, Told):
            self._hub.publish(topic, note.frame)
        elif isinstance(note, Follow):
            self._run(self._follow(note.user_id, note.topic, note.seq))
        elif isinstance(note, Head):
            self._check_head(topic, note.conversation_id, note.seq)
        else:
            self._on_news(note)

    def _forward(self, topic: str, said: Said) -> None:
        """An entry in its turn. Who left hears nothing after it, who joined nothing before."""
        if said.frame:
            self._hub.publish(topic, said.frame)
            for newcomer in self._newcomers.get(topic, ()) if self._newcomers else ():
                newcomer.frames.append(said.frame)
        if said.left:
            self._has_left(said.left, topic)
        if said.joined and topic == said.conversation_id:
            for session in self._hub.sessions_of(said.joined):
                self._hub.subscribe(session, topic)

    async def _move(self, gaps: Mapping[str, tuple[int, int]]) -> None:
        """Who left or joined by entries that nobody here will hear: above the first seq of a gap, up to the last."""
        gaps = {topic: gap for topic, gap in gaps.items() if gap[0] < gap[1]}
        for topic, user_id, is_joining in await self._logs.moves(gaps) if gaps else ():
            if not is_joining:
                self._has_left(user_id, topic)
                continue
            for session in self._hub.sessions_of(user_id):
                self._hub.subscribe(session, topic)

    async def _follow(self, user_id: str, topic: str, seq: int) -> None:
        last = self._order.last(topic, topic)
        if last is not None and last < seq and self._is_here(topic):
            return  # it is on its way on the conversation's own topic, behind what the user may not see
        if topic not in await self._joined(user_id):
            return  # this came late: they have left again
        newcomer = Newcomer(user_id)
        last = self._order.last(topic, topic)
        if last is not None and last > seq:
            await self._tell_before(newcomer, topic, seq, last)
        for session in () if newcomer.has_left else self._hub.sessions_of(user_id):
            # Who listens already was brought in by the entry itself, and has heard what came after it.
            if self._hub.subscribe(session, topic):
                for frame in newcomer.frames:
                    session.push(frame)

    async def _tell_before(self, newcomer: Newcomer, topic: str, seq: int, last: int) -> None:
        """Gather what the others of the topic were told above `seq`; what they are told meanwhile comes behind it."""
        self._newcomers.setdefault(topic, []).append(newcomer)
        try:
            lacking, _ = await self._logs.since(topic, seq, MAX_FILL)
        except AppError as error:
            logger.warning("what was said in %s can't be read: %s", topic, error)
            lacking = []
        finally:
            self._newcomers[topic].remove(newcomer)
            if not self._newcomers[topic]:
                del self._newcomers[topic]
        before = [text_frame(_encode_push(entry)) for entry in lacking if entry.seq <= last]
        newcomer.frames[:0] = before or [RESUME_NEEDED]

    # What got lost

    def _check_head(self, topic: str, conversation_id: str, seq: int) -> None:
        if not self._is_here(topic) or not seq:
            return
        last = self._order.last(topic, conversation_id)
        if last is None:
            self._order.begin(topic, conversation_id, seq - 1)
        if last is None or last < seq:
            self._run(self._fill((topic, conversation_id)))

    def _has_hole(self, line: Line) -> None:
        self._loop.call_later(HOLE_S, self._fill_hole, line)

    def _fill_hole(self, line: Line) -> None:
        if self._order.is_waiting(line):
            self._run(self._fill(line))

    async def _fill(self, line: Line) -> None:
        topic, conversation_id = line
        async with self._fills:
            last = self._order.last(topic, conversation_id)
            if last is None:
                return
            self._logs.forget(conversation_id)
            try:
                lacking, head = await self._logs.since(conversation_id, last, MAX_FILL)
            except AppError as error:
                logger.warning("what %s lacks can't be read yet: %s", conversation_id, error)
                self._loop.call_later(RETRY_S, self._fill_hole, line)
                return
            for entry in lacking:
                self.filled += 1
                said = self._said(entry, text_frame(_encode_push(entry)))
                assert said is not None
                self._order.offer(topic, said)
            if head > last and not lacking:
                if topic == conversation_id:
                    await self._move({topic: (last, head)})
                for session in self._hub.sessions_of(topic):
                    session.push(RESUME_NEEDED)
            self._order.begin(topic, conversation_id, head)

    def _link_changed(self, is_linked: bool) -> None:
        self.on_link(is_linked)
        self._begun.clear()
        if is_linked:
            self._run(self._begin_anew())

    async def _begin_anew(self) -> None:
        """All topics count as gapped: everybody asks for what they lack, spread over some seconds."""
        topics = self._hub.local_topics()
        try:
            await self.ready(topics)
        except AppError as error:
            logger.warning("the heads can't be read: %s", error)
        sessions = [session for session in self._hub.sessions if session.topics]
        random.shuffle(sessions)
        parts = 100
        for part in range(parts):
            await asyncio.gather(*map(self._repair, sessions[part::parts]))
            if part < len(sessions):
                await asyncio.sleep(REPAIR_S / parts)

    async def _repair(self, session: Listener) -> None:
        """Whom others brought into a conversation meanwhile does not follow it yet."""
        try:
            joined = await self._joined(session.user_id)
        except AppError as error:
            logger.warning("what %s follows can't be read: %s", session.user_id, error)
        else:
            if session in self._hub.sessions:
                self._subscribe(session, joined)
        session.push(RESUME_NEEDED)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("relay: %s", task.exception())
