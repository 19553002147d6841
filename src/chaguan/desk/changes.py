"""The one way a case changes: an entry in its conversation's log, and in the same transaction the case, its history and
the checks that the change rests on."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import uuid7
from chaguan.desk.model import Event, Held
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.log import Draft
from chaguan.messaging.model import CASE, Membership, Room, State
from chaguan.protocol.conversations import Case, CaseStatus, MemberRole
from chaguan.protocol.desk import CaseEventKind, Reason

EVERYTHING = Membership(MemberRole.agent, [(1, 0)], looks_only=True)
TRIES = 5
QUIET = (CaseEventKind.warned, CaseEventKind.breached, CaseEventKind.tagged, CaseEventKind.ruled)
"""Changes after which a case has the status and agent it had."""


class Step(Struct, kw_only=True):
    """What a case becomes, and what that is called. `beside` is written in the same transaction; it takes the time."""

    held: Held
    kind: CaseEventKind
    reason: Reason | None = None
    """Why this happened, where it isn't why the case is where it is."""
    ordinal: int = 0
    """Of the customer's message that the case begins with, or begins again; 0: of none."""
    beside: Callable[[Connection, int], None] | None = None


Decide = Callable[[Connection, Held, int], Step | None]
"""Runs where the change is stored, on what is true there: the case as it is now, and the time. None: it is as wanted
already. AppError refuses; nothing was written by then."""
First = Callable[[Connection, int, int], Step]
"""The same for a case that does not exist yet, with the entry's seq."""
Place = tuple[CaseStatus, str]
"""What the entry of a change says: status and agent. It is made before the decision is."""


class Changes:
    def __init__(self, db: Database, messaging: Messaging, clock: Clock) -> None:
        self._db = db
        self._log = messaging.log
        self._clock = clock
        self.tell: Callable[[Case], None] = lambda _case: None
        """Told of every case that changed, after the commit."""

    async def change(
        self,
        room: Room,
        actor_id: str,
        case_id: str,
        decide: Decide,
        *,
        place: Place | None = None,
        note: str = "",
    ) -> tuple[Held, Event | None]:
        """The case after the change, and what was noted of it; no event when it was as wanted already.

        `place`: what the change leads to, where that is known beforehand.
        """
        for _ in range(TRIES):
            if place is None:
                held, step = await self._db.read(lambda con: self._look(con, case_id, decide))
                if step is None:
                    return held, None
                wanted, is_quiet = _place(step.held), step.kind in QUIET
            else:
                wanted, is_quiet = place, False
            try:
                return await self._append(room, actor_id, case_id, decide, wanted, note, is_quiet)
            except _AsWanted as as_wanted:
                return as_wanted.held, None
            except _Moved:
                place = None
        raise AppError(ErrorCode.conflict, "the case changes all the time")

    async def open(self, room: Room, actor_id: str, case_id: str, first: First, key: bytes) -> Held:
        """The first change of a case. `key` finds what was done before a crash."""
        made: list[Held] = []

        def effect(con: Connection, seq: int, at: int) -> Case:
            store.lock_desk(con)
            step = first(con, seq, at)
            made[:] = [self._write(con, None, step, actor_id, seq, at, None)[0]]
            return made[0].case

        await self._put(room, actor_id, case_id, (CaseStatus.waiting, ""), effect, key)
        if made:
            return made[0]
        found = await self._db.read(lambda con: store.latest(con, room.id))
        if found is None:
            raise AppError(ErrorCode.conflict, "a case is open")
        return found

    def _look(self, con: Connection, case_id: str, decide: Decide) -> tuple[Held, Step | None]:
        held = _found(con, case_id)
        return held, decide(con, held, self._clock())

    async def _append(
        self,
        room: Room,
        actor_id: str,
        case_id: str,
        decide: Decide,
        wanted: Place,
        note: str,
        is_quiet: bool,
    ) -> tuple[Held, Event]:
        decided: list[tuple[Held, Event]] = []
        sealed = seal_note(room, case_id, note) if note else None

        def effect(con: Connection, seq: int, at: int) -> Case:
            store.lock_desk(con)
            now = _found(con, case_id)
            step = decide(con, now, at)
            if step is None:
                raise _AsWanted(now)
            if _place(step.held) != wanted or (step.kind in QUIET) != is_quiet:
                raise _Moved
            decided[:] = [self._write(con, now, step, actor_id, seq, at, sealed)]
            return decided[0][0].case

        await self._put(room, actor_id, case_id, wanted, effect, uuid7(), is_quiet=is_quiet)
        return decided[0]

    def _write(
        self,
        con: Connection,
        former: Held | None,
        step: Step,
        actor_id: str,
        seq: int,
        at: int,
        note: bytes | None,
    ) -> tuple[Held, Event]:
        version = store.next_version(con, step.held.case.shop_id)
        case = msgspec.structs.replace(step.held.case, version=version)
        was_over = former is not None and former.case.status is CaseStatus.resolved
        # What is said of a case after its end must not hide what the customer asked in between.
        is_end = case.status is CaseStatus.resolved and not was_over
        held = msgspec.structs.replace(
            step.held, case=case, resolved_seq=seq if is_end else step.held.resolved_seq
        )
        if former is None:
            store.insert(con, held)
        else:
            store.update(con, held)
        event = _event(former, held, step, actor_id, seq, at, note)
        store.add_event(con, event)
        if step.beside is not None:
            step.beside(con, at)
        if step.kind is CaseEventKind.assigned:
            setup.note_assigned(con, case.agent_id, at)
        return held, event

    async def _put(
        self,
        room: Room,
        actor_id: str,
        case_id: str,
        place: Place,
        effect: Callable[[Connection, int, int], Case],
        key: bytes,
        *,
        is_quiet: bool = False,
    ) -> None:
        status, agent_id = place
        fields: dict[str, Any] = {"case_id": case_id, "status": status.value}
        if agent_id:
            fields["agent_id"] = agent_id
        if is_quiet:
            fields["quiet"] = True
        await self._log.append(
            Draft(
                room=room,
                member=EVERYTHING,
                actor_id=actor_id,
                kind=CASE,
                client_msg_id=key,
                state=State(fields=fields),
                effect=effect,
                on_appended=lambda _placed, case: self.tell(case),
                asked=status.value.encode(),
            )
        )


def _found(con: Connection, case_id: str) -> Held:
    held = store.find(con, case_id)
    if held is None:
        raise AppError(ErrorCode.not_found, "no such case")
    return held


def _place(held: Held) -> Place:
    return held.case.status, held.case.agent_id


def _event(
    former: Held | None,
    held: Held,
    step: Step,
    actor_id: str,
    seq: int,
    at: int,
    note: bytes | None,
) -> Event:
    case, before = held.case, former.case if former else None
    reason = step.reason or case.reason
    return Event(
        conversation_id=case.conversation_id,
        seq=seq,
        case_id=case.id,
        at=at,
        kind=step.kind.value,
        actor_id=actor_id,
        agent_id=case.agent_id,
        former_agent_id=before.agent_id if before and before.agent_id != case.agent_id else "",
        queue_id=case.queue_id,
        former_queue_id=before.queue_id if before and before.queue_id != case.queue_id else "",
        reason=msgspec.json.encode(reason).decode() if reason else "",
        note=note,
        ordinal=step.ordinal,
    )


def seal_note(room: Room, case_id: str, note: str) -> bytes:
    return room.open_key().seal(note.encode(), _note_binding(room, case_id))


def open_note(room: Room, event: Event) -> str:
    if event.note is None or room.key is None:
        return ""
    return room.key.unseal(event.note, _note_binding(room, event.case_id)).decode()


def _note_binding(room: Room, case_id: str) -> bytes:
    return b"%b\x00note\x00%b" % (room.id.encode(), case_id.encode())


def key_of(*parts: str) -> bytes:
    """The same parts give the same key: what is done again is found done."""
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).digest()


class _AsWanted(AppError):
    def __init__(self, held: Held) -> None:
        super().__init__(ErrorCode.conflict, "as wanted")
        self.held = held


class _Moved(AppError):
    """The case is not where it was when the entry was made."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.conflict, "the case moved on")
