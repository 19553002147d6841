"""Cases that nobody speaks in end by themselves: first a warning, then the end. Any message in between stops it.

A timer is never early and costs nothing while people talk: it says when a case may be due at the earliest, and who looks
then finds in the log who spoke last and when. Whether that still holds is looked at again where the warning or the end
is stored, so that no message is overlooked, whoever does it and however often.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import bot_texts, rules
from chaguan.desk.bot import KIND as BOT
from chaguan.desk.bot import Voice, no_voice
from chaguan.desk.changes import EVERYTHING, Changes, Decide, Step, key_of
from chaguan.desk.model import Event, Held
from chaguan.desk.store import answers as settings_store
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup
from chaguan.desk.store import talks as store
from chaguan.desk.store.talks import Timer
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER
from chaguan.messaging import Messaging
from chaguan.messaging.append import Effect
from chaguan.messaging.log import Draft
from chaguan.messaging.model import Room
from chaguan.messaging.tail import LastSaid, last_said
from chaguan.protocol.automation import BotSettings, ClosingRule, ClosingSettings, Language
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import CaseEventKind, Queue, Reason

KIND = "closing"
EVERY_MS = 5_000
AT_ONCE = 50
"""Cases that are looked at in one go."""
_STARTS = (CaseEventKind.assigned.value, CaseEventKind.taken.value, CaseEventKind.transferred.value)
_ENDS = (CaseEventKind.resolved.value, CaseEventKind.abandoned.value)
INACTIVE = "inactive"


class _Silent(Struct):
    """A case with an agent, its rule, and who spoke last."""

    held: Held
    settings: ClosingSettings
    rule: ClosingRule
    last: LastSaid
    timer: Timer


class Closing:
    def __init__(self, db: Database, messaging: Messaging, changes: Changes, clock: Clock) -> None:
        self._db = db
        self._messaging = messaging
        self._changes = changes
        self._clock = clock
        self._next_at = 0
        self._seen = ""
        self.voice: Voice = no_voice
        self.wake: Callable[[], None] = _nobody
        """Called when something may be due sooner than `step` said."""

    async def follow(self, room: Room, event: Event) -> None:
        """By the log's reader: a case that an agent has is watched from now on."""
        if event.kind in _STARTS and event.agent_id:
            await self._start(room, event)
        elif event.kind in _ENDS:
            await self._db.write(lambda con: store.stop_timer(con, event.case_id))
            if event.reason and msgspec.json.decode(event.reason, type=Reason).code == INACTIVE:
                await self._farewell(room, event)

    async def _start(self, room: Room, event: Event) -> None:
        """A rule that is made after this was read starts the timers of all cases that agents have."""
        settings = await self._db.read(
            lambda con: settings_store.settings(con, room.shop_id, KIND, ClosingSettings)
        )
        rule = rule_of(settings, event.queue_id)
        if rule is not None:
            due_at = event.at + rule.warn_after_s * 1000
            await self._db.write(lambda con: store.start_timer(con, event.case_id, room.shop_id, due_at))
            self.wake()

    async def step(self) -> int:
        """By the owner of the desk, from time to time: what is due. Gives when something will be next."""
        at = self._clock()
        if at < self._next_at:
            return self._next_at
        self._next_at = at + EVERY_MS
        due = await self._db.read(lambda con: store.due_timers(con, at, AT_ONCE))
        for timer in due:
            await self._look_at(timer)
        if len(due) == AT_ONCE:
            self._next_at = at
        if await self._end_of_bots():
            return self._next_at
        return max(self._next_at, await self._db.read(store.first_due) or NEVER)

    async def _look_at(self, timer: Timer) -> None:
        silent = await self._db.read(lambda con: _silent(con, timer))
        if silent is None:
            await self._db.write(lambda con: store.stop_timer(con, timer.case_id))
            return
        at, last, rule = self._clock(), silent.last, silent.rule
        if last.actor_id == silent.held.case.customer_id:
            # They wait for an answer, which can't be given before now.
            await self._wait(timer, at + rule.warn_after_s * 1000)
        elif timer.warned_seq and last.seq == timer.warned_seq:
            due_at = last.created_at + rule.close_after_s * 1000
            await (self._close(silent) if at >= due_at else self._wait(timer, due_at, timer.warned_seq))
        else:
            due_at = last.created_at + rule.warn_after_s * 1000
            await (self._warn(silent) if at >= due_at else self._wait(timer, due_at))

    async def _wait(self, timer: Timer, due_at: int, warned_seq: int = 0) -> None:
        await self._db.write(lambda con: store.move_timer(con, timer.case_id, due_at, warned_seq))

    async def _warn(self, silent: _Silent) -> None:
        case, rule, last = silent.held.case, silent.rule, silent.last
        room = await self._messaging.rooms.room(case.conversation_id)
        language = language_in(case)
        minutes = max(1, round(rule.close_after_s / 60))
        text = bot_texts.in_(language, silent.settings.warning, bot_texts.WARNING)

        def effect(con: Connection, seq: int, at: int) -> None:
            now = case_store.find(con, case.id)
            if now is None or now.case.status is not CaseStatus.open or last_said(con, room.id) != last:
                raise AppError(ErrorCode.conflict, "somebody spoke, or it ended")
            store.move_timer(con, case.id, at + rule.close_after_s * 1000, seq)

        key = key_of(case.id, "closing", str(last.seq))
        await self._say(room, case, key, text.replace("{minutes}", str(minutes)), effect)

    async def _close(self, silent: _Silent) -> None:
        case, warned_seq = silent.held.case, silent.timer.warned_seq
        room = await self._messaging.rooms.room(case.conversation_id)

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            last = last_said(con, room.id)
            if now.case.status is not CaseStatus.open or last is None or last.seq != warned_seq:
                return None
            data = {"for_s": (at - silent.last.created_at) // 1000 + silent.rule.warn_after_s}
            return Step(
                held=rules.ended(now, "resolved", Reason(INACTIVE, data), at), kind=CaseEventKind.resolved
            )

        await self._change(room, case, decide)

    async def _farewell(self, room: Room, event: Event) -> None:
        def read(con: Connection) -> tuple[Held | None, ClosingSettings]:
            settings = settings_store.settings(con, room.shop_id, KIND, ClosingSettings)
            return case_store.find(con, event.case_id), settings

        held, settings = await self._db.read(read)
        if held is None:
            return
        text = bot_texts.in_(language_in(held.case), settings.farewell, bot_texts.FAREWELL)
        await self._say(room, held.case, key_of(event.case_id, "farewell", str(event.seq)), text)

    async def _end_of_bots(self) -> bool:
        """Cases that only a bot has, a handful each time in turn: ended when their customers are silent, and given to
        people when there is no bot any more. Whether there were any."""
        after = self._seen
        found = await self._db.read(lambda con: case_store.with_bot(con, after, AT_ONCE))
        self._seen = found[-1].case.id if len(found) == AT_ONCE else ""
        if not found:
            return after != ""  # those of the page before are there still
        bots = await self._db.read(lambda con: settings_store.settings_of_all(con, BOT, BotSettings))
        for held in found:
            await self._end_of_bot(held, bots.get(held.case.shop_id, BotSettings()))
        return True

    async def _end_of_bot(self, held: Held, bot: BotSettings) -> None:
        case = held.case
        room = await self._messaging.rooms.room(case.conversation_id)

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is not CaseStatus.waiting or now.case.bot_id != case.bot_id:
                return None
            if not bot.enabled:
                queue = queue_of(con, now)
                reason = Reason("handed_over", {"why": "switched_off"})
                return Step(held=rules.in_queue(now, queue, reason, at), kind=CaseEventKind.handed_over)
            last = last_said(con, room.id)
            silent_ms = at - max(last.created_at if last else 0, now.case.opened_at)
            if not bot.end_after_s or silent_ms < bot.end_after_s * 1000:
                return None
            turn = store.talk(con, case.id)[1].turn
            is_answered = turn is not None and turn.kind in ("answer", "keyword", "thanks")
            outcome = "resolved" if is_answered else "abandoned"
            kind = CaseEventKind.resolved if is_answered else CaseEventKind.abandoned
            reason = Reason("silence", {"for_s": silent_ms // 1000, "bot": True})
            return Step(held=rules.ended(now, outcome, reason, at), kind=kind)

        await self._change(room, case, decide)

    async def _change(self, room: Room, case: Case, decide: Decide) -> None:
        """What lost a race is looked at again the next time."""
        try:
            await self._changes.change(room, "", case.id, decide)
        except AppError as error:
            if error.code not in (ErrorCode.conflict, ErrorCode.not_found):
                raise

    async def _say(self, room: Room, case: Case, key: bytes, text: str, effect: Effect | None = None) -> None:
        speaker = await self.voice(room.shop_id) or case.agent_id
        draft = Draft(
            room=room,
            member=EVERYTHING,
            actor_id=speaker,
            client_msg_id=key,
            content=Text(text),
            countable=True,
            effect=effect,
            asked=b"closing",
        )
        try:
            await self._messaging.log.append(draft)
        except AppError as error:
            if error.code not in (ErrorCode.conflict, ErrorCode.not_found):
                raise


def _nobody() -> None:
    return None


def language_in(case: Case) -> Language:
    """Of a customer who is told something unasked: as their app said when they came."""
    return "en" if str(case.context.get("language", "")).lower().startswith("en") else "zh-CN"


def rule_of(settings: ClosingSettings, queue_id: str) -> ClosingRule | None:
    return settings.queues.get(queue_id) or settings.default


def _silent(con: Connection, timer: Timer) -> _Silent | None:
    """None: nothing is to be waited for. Whoever takes the case next starts anew."""
    held = case_store.find(con, timer.case_id)
    if held is None or held.case.status is not CaseStatus.open:
        return None
    settings = settings_store.settings(con, held.case.shop_id, KIND, ClosingSettings)
    rule, last = rule_of(settings, held.case.queue_id), last_said(con, held.case.conversation_id)
    return None if rule is None or last is None else _Silent(held, settings, rule, last, timer)


def queue_of(con: Connection, held: Held) -> Queue | None:
    return next((each for each in setup.queues(con) if each.id == held.case.queue_id), None)
