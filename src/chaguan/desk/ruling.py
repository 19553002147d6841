"""A shop's rules at work. Each firing is an entry of its case, which says which rule did what and on which occasion: read
again after a crash, the history shows that it was done. What a rule says follows from that entry, under its key.

No rule hears of what another did: moving a case is no occasion. So rules go round only by way of somebody outside (a
machine that answers each reply), and are cut then.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import bot_texts, hours, presence, rules, tags
from chaguan.desk.bot import Voice, no_voice
from chaguan.desk.bot_rules import levelled
from chaguan.desk.changes import EVERYTHING, Changes, Step, key_of
from chaguan.desk.closing import language_in
from chaguan.desk.model import Event, Held
from chaguan.desk.routing import has_room
from chaguan.desk.rule_matching import Occasion, fitting, moves
from chaguan.desk.store import answers as settings_store
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup
from chaguan.desk.store import tags as tag_store
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER
from chaguan.messaging import Messaging
from chaguan.messaging.log import Draft
from chaguan.messaging.model import Room, Stored, open_content, unpack_state
from chaguan.protocol.automation import RuleCut, RuleEvent, RuleList, Rules, RuleSpec
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import AgentState, CaseEventKind, Queue, Reason

KIND, CUTS = "rules", "rule_cuts"
FIRED = "rule_fired"
MOST_AN_HOUR = 20
"""Firings in one conversation. Beyond them somebody outside goes round with a rule."""
HOUR_MS = 3_600_000
EVERY_MS = 5_000
AT_ONCE = 200
LOOKED_BACK = 200
LOOK_BACK_MS = 24 * HOUR_MS
LISTENS_MS = 2_000
"""So long it is remembered which shops have rules about what is said: most messages then cost nothing."""
_BEGINS = (CaseEventKind.opened.value, CaseEventKind.handed_over.value, CaseEventKind.reopened.value)


class Ruling:
    def __init__(self, db: Database, messaging: Messaging, changes: Changes, clock: Clock) -> None:
        self._db = db
        self._messaging = messaging
        self._changes = changes
        self._clock = clock
        self._next_at = 0
        self._has_timed = True
        """Whether a rule waits for time to pass."""
        self._looked_up_to: dict[tuple[str, str, int], int] = {}
        self._listening: frozenset[str] = frozenset()
        self._listening_until = 0
        self.voice: Voice = no_voice

    async def follow(self, room: Room, event: Event) -> None:
        """By the log's reader: a case changed."""
        if event.reason and FIRED in event.reason:
            await self._say_what_follows(room, event)
        occasion = RuleEvent.resolved if event.kind == CaseEventKind.resolved.value else RuleEvent.opened
        if occasion is RuleEvent.resolved or event.kind in _BEGINS:
            await self._happened(room, event.case_id, occasion, event.seq)
        if event.kind == CaseEventKind.tagged.value and event.reason:
            added = msgspec.json.decode(event.reason, type=Reason).data.get("added", [])
            await self._happened(room, event.case_id, RuleEvent.tagged, event.seq, given=tuple(added))

    async def heard(self, room: Room, row: Stored) -> None:
        """By the log's reader: a customer said something."""
        if room.shop_id not in await self._who_listens():
            return
        content = open_content(row, room.key, unpack_state(row.state))
        alive = await self._db.read(lambda con: case_store.open_ones(con, room.id))
        if isinstance(content, Text) and alive and not any(held.case.bot_id for held in alive):
            words = levelled(content.text)
            await self._happened(room, alive[-1].case.id, RuleEvent.said, row.seq, words)

    async def _who_listens(self) -> frozenset[str]:
        at = self._clock()
        if not self._listening_until - LISTENS_MS <= at < self._listening_until:
            lists = await self._db.read(lambda con: settings_store.settings_of_all(con, KIND, RuleList))
            self._listening = frozenset(shop_id for shop_id, listed in lists.items() if _listens(listed))
            self._listening_until = at + LISTENS_MS
        return self._listening

    def changed(self) -> None:
        self._listening_until = self._next_at = 0

    def may_listen(self, shop_id: str) -> bool:
        """Whether what is said there may be an occasion for a rule, as far as is remembered."""
        is_known = self._listening_until - LISTENS_MS <= self._clock() < self._listening_until
        return not is_known or shop_id in self._listening

    def redirected(
        self, con: Connection, held: Held, queue: Queue | None, reason: Reason, at: int
    ) -> tuple[Queue | None, Reason]:
        """Into which queue a case goes that begins to wait for people, where it is stored: the router, who gives it
        out a moment later, must find it in the right one."""
        occasion = _beginning(con, held, queue.id if queue else "", at)
        listed = settings_store.settings(con, held.case.shop_id, KIND, RuleList).rules
        moving = next((rule for rule in fitting(listed, occasion) if rule.then.queue_id), None)
        known = next((each for each in setup.queues(con) if moving and each.id == moving.then.queue_id), None)
        if moving is None or known is None or known == queue or _goes_round(con, held, at):
            return queue, reason
        return known, Reason(FIRED, _told(moving, occasion))

    async def step(self) -> int:
        """By the owner of the desk: who has waited for as long as a rule says. Gives when others may have."""
        at = self._clock()
        if at >= self._next_at:
            self._next_at = at + EVERY_MS
            lists = await self._db.read(lambda con: settings_store.settings_of_all(con, KIND, RuleList))
            timed = [(id, rule) for id, listed in lists.items() for rule in listed.rules if _is_timed(rule)]
            self._has_timed = bool(timed)
            for shop_id, rule in timed:
                await self._who_waits(shop_id, rule, at)
        return self._next_at if self._has_timed else NEVER

    async def _who_waits(self, shop_id: str, rule: RuleSpec, at: int) -> None:
        """Those who have become due since the last look; a process that begins looks back, and the history knows what
        was done already."""
        until = at - rule.minutes * 60_000
        key = (shop_id, rule.id, rule.minutes)
        since = self._looked_up_to.get(key, until - LOOK_BACK_MS)
        waiting = await self._db.read(
            lambda con: case_store.waiting_since(con, shop_id, since, until, AT_ONCE)
        )
        for held in waiting:
            room = await self._messaging.rooms.room(held.case.conversation_id)
            await self._happened(room, held.case.id, RuleEvent.waiting, held.case.queued_at, only=rule.id)
        # Of several that came in the same moment none is left behind: a full page is read again from its last one.
        is_full = len(waiting) == AT_ONCE and waiting[-1].case.queued_at - 1 > since
        self._looked_up_to[key] = waiting[-1].case.queued_at - 1 if is_full else until

    async def _happened(
        self,
        room: Room,
        case_id: str,
        event: RuleEvent,
        number: int,
        words: str = "",
        only: str = "",
        given: tuple[str, ...] | None = None,
    ) -> None:
        def read(con: Connection) -> tuple[list[RuleSpec], Occasion | None]:
            listed = settings_store.settings(con, room.shop_id, KIND, RuleList).rules
            mine = [rule for rule in listed if rule.when is event and only in ("", rule.id)]
            held = case_store.find(con, case_id) if mine else None
            if held is None or held.case.bot_id:
                return [], None
            begun = _beginning(con, held, held.case.queue_id, self._clock())
            if event is RuleEvent.opened:
                return mine, begun
            now = msgspec.structs.replace(begun, event=event, number=number, words=words)
            return mine, now if given is None else msgspec.structs.replace(now, tags=given)

        listed, occasion = await self._db.read(read)
        if occasion is not None:
            for rule in fitting(listed, occasion):
                await self._fire(room, case_id, rule, occasion)

    async def _fire(self, room: Room, case_id: str, rule: RuleSpec, occasion: Occasion) -> None:
        is_cut = False

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            nonlocal is_cut
            fired = _fired(con, now)
            if any(_is(each.reason, rule, occasion) and each.case_id == case_id for each in fired):
                return None
            is_cut = _goes_round(con, now, at)
            step = None if is_cut else _step(con, now, rule, occasion, at)
            return None if step is None else _with_tags(step, rule.then.tags)

        try:
            await self._changes.change(room, "", case_id, decide)
        except AppError as error:
            if error.code not in (ErrorCode.conflict, ErrorCode.not_found):
                raise
        if is_cut:
            await self._note_cut(room.shop_id, RuleCut(rule.id, case_id, self._clock()))

    async def _note_cut(self, shop_id: str, cut: RuleCut) -> None:
        """Once an hour: what goes round would otherwise write for as long as it does."""

        def write(con: Connection) -> None:
            held = settings_store.settings(con, shop_id, CUTS, Rules).cuts
            if any(each.rule_id == cut.rule_id and cut.at - each.at < HOUR_MS for each in held):
                return
            others = [each for each in held if each.rule_id != cut.rule_id]
            settings_store.put_settings(con, shop_id, CUTS, Rules(cuts=[*others, cut]))

        await self._db.write(write)

    async def _say_what_follows(self, room: Room, event: Event) -> None:
        reason = msgspec.json.decode(event.reason, type=Reason)

        def read(con: Connection) -> tuple[list[RuleSpec], Held | None]:
            listed = settings_store.settings(con, room.shop_id, KIND, RuleList).rules
            return listed, case_store.find(con, event.case_id)

        listed, held = await self._db.read(read)
        rule = next((each for each in listed if each.id == reason.data.get("rule_id")), None)
        speaker = await self.voice(room.shop_id)
        if rule is None or held is None or not rule.then.reply or not speaker:
            return
        draft = Draft(
            room=room,
            member=EVERYTHING,
            actor_id=speaker,
            client_msg_id=key_of(event.case_id, "rule", str(event.seq)),
            content=Text(bot_texts.in_(language_in(held.case), rule.then.reply)),
            countable=True,
            asked=b"rule",
        )
        await self._messaging.log.append(draft)


class _Fired(msgspec.Struct):
    case_id: str
    at: int
    reason: Reason


def _fired(con: Connection, held: Held) -> list[_Fired]:
    """What rules did lately in the case's conversation."""
    return [
        _Fired(event.case_id, event.at, msgspec.json.decode(event.reason, type=Reason))
        for event in case_store.last_events(con, held.case.conversation_id, LOOKED_BACK)
        if FIRED in event.reason
    ]


def _goes_round(con: Connection, held: Held, at: int) -> bool:
    return sum(at - each.at < HOUR_MS for each in _fired(con, held)) >= MOST_AN_HOUR


def _beginning(con: Connection, held: Held, queue_id: str, at: int) -> Occasion:
    """Once for each time that it is opened: what a bot hands over begins when it does."""
    case = held.case
    return Occasion(
        event=RuleEvent.opened,
        number=case.reopened,
        queue_id=queue_id,
        facts=rules.facts_of(case.context, case_store.arrival(con, case.conversation_id)[0], -1),
        is_open=hours.is_open(setup.settings(con, case.shop_id).hours, at),
        tags=tuple(case.tags),
    )


def _told(rule: RuleSpec, occasion: Occasion) -> dict[str, object]:
    return {"rule": rule.name, "rule_id": rule.id, "when": rule.when.value, "occasion": occasion.number}


def _is(reason: Reason, rule: RuleSpec, occasion: Occasion) -> bool:
    done = (reason.data.get("rule_id"), reason.data.get("when"), reason.data.get("occasion"))
    return done == (rule.id, occasion.event.value, occasion.number)


def _listens(listed: RuleList) -> bool:
    return any(rule.enabled and rule.when is RuleEvent.said for rule in listed.rules)


def _is_timed(rule: RuleSpec) -> bool:
    return rule.enabled and rule.when is RuleEvent.waiting


def _step(con: Connection, now: Held, rule: RuleSpec, occasion: Occasion, at: int) -> Step | None:
    reason, then = Reason(FIRED, _told(rule, occasion)), rule.then
    only_says = Step(held=now, kind=CaseEventKind.ruled, reason=reason)
    if not moves(rule):
        return only_says
    if now.case.status is CaseStatus.resolved or now.case.bot_id:
        return None
    if then.close:
        return Step(held=rules.ended(now, "resolved", reason, at), kind=CaseEventKind.resolved)
    if now.case.status is not CaseStatus.waiting:
        return None
    if then.queue_id:
        return _into_queue(con, now, then.queue_id, reason, at)
    return _to_agent(con, now, then.agent_id, reason, at)


def _with_tags(step: Step, wanted: Sequence[str]) -> Step:
    if not wanted:
        return step
    shop_id, reason = step.held.case.shop_id, step.reason or step.held.case.reason
    try:
        tagged = tags.changed(step.held, wanted, ())
    except AppError:
        return msgspec.structs.replace(step, reason=_not_done(reason, "too_many_tags") if reason else None)
    if tagged is None:
        return step

    def use(con: Connection, at: int) -> None:
        tag_store.use(con, shop_id, list(wanted), at)

    return msgspec.structs.replace(step, held=tagged.held, beside=use)


def _into_queue(con: Connection, now: Held, queue_id: str, reason: Reason, at: int) -> Step | None:
    if now.case.queue_id == queue_id:
        return Step(held=now, kind=CaseEventKind.ruled, reason=reason)
    known = {each.id: each for each in setup.queues(con) if each.shop_id == now.case.shop_id}
    if queue_id not in known:
        return Step(held=now, kind=CaseEventKind.ruled, reason=_not_done(reason, "no_queue"))
    return Step(held=rules.in_queue(now, known[queue_id], reason, at), kind=CaseEventKind.queued)


def _to_agent(con: Connection, now: Held, agent_id: str, reason: Reason, at: int) -> Step:
    seat = setup.seat(con, agent_id)
    load = case_store.loads(con, [agent_id]).get(agent_id, 0)
    agent = presence.shown(seat, load, setup.idle_s(con), at) if seat else None
    if agent is None or agent.state is not AgentState.online:
        return Step(held=now, kind=CaseEventKind.ruled, reason=_not_done(reason, "agent_gone"))
    if not has_room(agent, now.weight):
        return Step(held=now, kind=CaseEventKind.ruled, reason=_not_done(reason, "no_place"))
    return Step(held=rules.with_agent(now, agent_id, reason, at), kind=CaseEventKind.assigned)


def _not_done(reason: Reason, why: str) -> Reason:
    return Reason(reason.code, {**reason.data, "not_done": why})
