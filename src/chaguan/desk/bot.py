"""The bot that answers a new case first, until it has answered, is at its end, or a person is wanted.

Each of its messages is made of the customer's entry that it answers: said again after a crash it is found said. Each is
stored only while the case is still the bot's, looked at where it is stored: an agent who was faster is not talked over.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import bot_rules, rules
from chaguan.desk.bot_rules import Heard, Talk, Turn, levelled
from chaguan.desk.bot_texts import language_of
from chaguan.desk.bot_words import Setting, keyword_of, said_in
from chaguan.desk.cases import Cases
from chaguan.desk.changes import EVERYTHING, key_of
from chaguan.desk.faq import Decision
from chaguan.desk.model import Held
from chaguan.desk.shelf import Found, Shelves
from chaguan.desk.store import answers as settings_store
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup
from chaguan.desk.store import talks as store
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.log import Draft
from chaguan.messaging.model import Room, Stored, open_content, unpack_state
from chaguan.protocol.automation import BotSettings
from chaguan.protocol.content import Content, Text
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours

KIND = "bot"
REMEMBERED = 5_000
"""Conversations of which it is remembered what was said last."""

Voice = Callable[[str], Awaitable[str]]
"""The user who speaks for a shop; made at the first word."""


async def no_voice(_shop_id: str) -> str:
    return ""


class _Last(msgspec.Struct):
    said: str = ""
    heard: str = ""
    repeats: int = 0


class _Held(msgspec.Struct):
    """A case that is the bot's, and all that its next turn rests on."""

    held: Held
    seq: int
    talk: Talk
    bot: BotSettings
    hours: Hours
    app_id: str


class Bot:
    def __init__(
        self, db: Database, messaging: Messaging, cases: Cases, shelves: Shelves, clock: Clock
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._cases = cases
        self._shelves = shelves
        self._clock = clock
        self.voice: Voice = no_voice
        self._last: OrderedDict[str, _Last] = OrderedDict()

    async def of(self, room: Room) -> str:
        """Who answers a new case of this conversation first; empty: nobody but people."""
        settings = await self._db.read(
            lambda con: settings_store.settings(con, room.shop_id, KIND, BotSettings)
        )
        return await self.voice(room.shop_id) if settings.enabled else ""

    async def heard(self, room: Room, row: Stored) -> None:
        """By the log's reader: a customer's message."""
        found = await self._db.read(lambda con: _find(con, room))
        if found is None or row.seq < found.seq:
            return
        if row.seq == found.seq and found.talk.turn is not None:
            # Read again: what a crash left unsaid is said now.
            await self._carry_out(room, found, found.talk)
            return
        state = unpack_state(row.state)
        if state.recalled_by:
            return
        heard = await self._understand(room, row, found, open_content(row, room.key, state))
        if bot_rules.is_echo(heard):
            return
        turn, candidates = await self._decide(room, found, heard)
        talk = bot_rules.went_on(found.talk, heard, turn, candidates)
        found.seq = row.seq
        await self._carry_out(room, found, talk)

    async def _understand(self, room: Room, row: Stored, found: _Held, content: Content | None) -> Heard:
        text = content.text if isinstance(content, Text) else ""
        words, last = levelled(text), self._last.get(room.id, _Last())
        if words and words == last.heard:
            last.repeats += 1
        else:
            last.heard, last.repeats = words[:100], 0
        self._remember(room, last)
        context = found.held.case.context.get("language", "")
        before = "en" if not found.talk.turn and str(context).startswith("en") else found.talk.language
        return Heard(
            at=row.created_at,
            text=text,
            words=words,
            language=language_of(words, before),
            questions=await self._questions(room, found),
            echoes=last.said,
            repeats=last.repeats,
        )

    async def _questions(self, room: Room, found: _Held) -> list[str]:
        if not found.talk.choices:
            return []
        setting = await self._setting(room, found)
        texts = [setting.text(ref) for ref in found.talk.choices]
        return [levelled(text.question[:200]) if text else "" for text in texts]

    async def _decide(self, room: Room, found: _Held, heard: Heard) -> tuple[Turn, list[Found]]:
        turn = bot_rules.before_asking(found.talk, heard, found.bot)
        if turn is not None:
            return turn, []
        if not found.bot.faq:
            return bot_rules.after_asking(found.talk, heard, found.bot, Decision.unknown, []), []
        decision, candidates, _ = await self._shelves.ask(room.shop_id, heard.text)
        return bot_rules.after_asking(found.talk, heard, found.bot, decision, candidates), candidates

    async def _carry_out(self, room: Room, found: _Held, talk: Talk) -> None:
        turn, bot_id = talk.turn, found.held.case.bot_id
        if turn is None:
            return
        setting = await self._setting(room, found)
        for place, content in enumerate(said_in(turn, setting)):
            if not await self._say(room, found, talk, place, content):
                return  # an agent was faster
        keyword = keyword_of(turn, found.bot) if turn.kind == "keyword" else None
        if turn.kind == "hand_over" or (keyword and keyword.hand_over):
            why = turn.why or "keyword"
            await self._cases.hand_over(found.held.case.id, bot_id, why, _believed(talk, setting))

    async def _say(self, room: Room, found: _Held, talk: Talk, place: int, content: Content) -> bool:
        case, seq = found.held.case, found.seq

        def effect(con: Connection, _seq: int, _at: int) -> None:
            now = case_store.find(con, case.id)
            if now is None or now.case.bot_id != case.bot_id or now.case.status is not CaseStatus.waiting:
                raise AppError(ErrorCode.conflict, "no longer the bot's")
            if place == 0:
                store.put_talk(con, case.id, seq, talk)

        draft = Draft(
            room=room,
            member=EVERYTHING,
            actor_id=case.bot_id,
            client_msg_id=key_of(case.id, "bot", str(seq), str(place)),
            content=content,
            countable=True,
            effect=effect,
            # Its key alone says what it is: read again after the list changed, it is still the same message.
            asked=b"bot",
        )
        try:
            await self._messaging.log.append(draft)
        except AppError as error:
            if error.code in (ErrorCode.conflict, ErrorCode.not_found):
                return False
            raise
        last = self._last.get(room.id, _Last())
        last.said = content.text if isinstance(content, Text) else last.said
        self._remember(room, last)
        return True

    async def _setting(self, room: Room, found: _Held) -> Setting:
        shelf = await self._shelves.of(room.shop_id)
        return Setting(
            bot=found.bot,
            entries=shelf.entries,
            facts=rules.facts_of(found.held.case.context, found.app_id, -1),
            hours=found.hours,
            at=self._clock(),
        )

    def _remember(self, room: Room, last: _Last) -> None:
        self._last[room.id] = last
        self._last.move_to_end(room.id)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)


def _find(con: Connection, room: Room) -> _Held | None:
    """The case that the bot answers; none where somebody of the shop is in the conversation."""
    alive = case_store.open_ones(con, room.id)
    own = [held for held in alive if held.case.bot_id]
    if not own or any(held.case.status is CaseStatus.open for held in alive):
        return None
    seq, talk = store.talk(con, own[-1].case.id)
    return _Held(
        own[-1],
        seq,
        talk,
        settings_store.settings(con, room.shop_id, KIND, BotSettings),
        setup.settings(con, room.shop_id).hours,
        case_store.arrival(con, room.id)[0],
    )


def _believed(talk: Talk, setting: Setting) -> dict[str, object]:
    """For the agent: what the bot took it for, how sure it was, how often it missed."""
    text = setting.text(talk.best) if talk.best else None
    belief = {"question": text.question[:100], "score": round(talk.score, 2)} if text else {}
    return {"turns": talk.turns, "misses": talk.misses, **belief}
