"""What the bot makes of a customer's message. Pure: everything it rests on comes in, and a decision comes out."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from chaguan.desk import bot_texts
from chaguan.desk.faq import Decision
from chaguan.desk.shelf import Found
from chaguan.protocol.automation import BotSettings, Keyword, Language

LOOKED_AT = 300
"""Characters of a message that words are looked for in."""
MAX_TURNS = 40
"""Of one case. Whoever talks longer with a bot needs a person, or is a machine."""
PER_MINUTE = 8
"""Faster ones are a flood or an echo; a person looks at it."""
MINUTE_MS = 60_000
SAME = 3
"""So often the same in a row, and it is no question any more."""

Kind = Literal["greet", "keyword", "answer", "offer", "again", "thanks", "hand_over"]


class Turn(Struct, omit_defaults=True, kw_only=True):
    """What is said to one message. `refs` name texts of the list; `keyword` is one's place in the settings; `greets`: it
    begins with the greeting; `why` a person takes over."""

    kind: Kind
    language: Language = "zh-CN"
    refs: list[str] = []
    keyword: int = -1
    why: str = ""
    greets: bool = False


class Talk(Struct, omit_defaults=True, kw_only=True):
    """Where the bot stands with a case. `choices`: what was offered last; `rest`: what else may answer, if the last
    answer was not it; `best`: what it believed most, for who takes over."""

    turn: Turn | None = None
    turns: int = 0
    misses: int = 0
    lately: list[int] = []
    choices: list[str] = []
    rest: list[str] = []
    asks_whether: bool = False
    best: str = ""
    score: float = 0.0

    @property
    def language(self) -> Language:
        return self.turn.language if self.turn else "zh-CN"


class Heard(Struct, kw_only=True):
    """A customer's message. `words` is it levelled; empty: no text. `questions`: the choices on offer, levelled."""

    at: int
    text: str
    words: str
    language: Language
    questions: Sequence[str] = ()
    echoes: str = ""
    """What the bot said last, as far as this process remembers."""
    repeats: int = 0
    """How often the same was said just before."""


def levelled(text: str) -> str:
    """Without capitals, widths, and punctuation at the ends."""
    text = unicodedata.normalize("NFKC", text[:LOOKED_AT]).casefold()
    return " ".join(text.split()).strip(".,!?;:~…。，！？；：、“”\"'()（）【】[] ").replace("’", "'")


def is_echo(heard: Heard) -> bool:
    """Who says back what the bot said, or the same again and again, is not answered at all."""
    return heard.repeats >= SAME or (bool(heard.words) and heard.words == levelled(heard.echoes))


def before_asking(talk: Talk, heard: Heard, bot: BotSettings) -> Turn | None:
    """None: the list of questions is to be asked."""
    limit = _limit(talk, heard)
    if limit:
        return _hand_over(heard, limit)
    if wants_human(heard.words, bot.human_words):
        return _hand_over(heard, "asked")
    return (
        _to_choice(talk, heard, bot)
        or _whether(talk, heard)
        or _hello(heard)
        or _keyword(heard, bot.keywords)
    )


def _limit(talk: Talk, heard: Heard) -> str:
    if not heard.words:
        return "not_text"
    if talk.turns >= MAX_TURNS:
        return "too_long"
    lately = [at for at in talk.lately if heard.at - at < MINUTE_MS]
    return "too_fast" if len(lately) >= PER_MINUTE else ""


def _hand_over(heard: Heard, why: str) -> Turn:
    return Turn(kind="hand_over", language=heard.language, why=why)


def wants_human(words: str, own: Sequence[str]) -> bool:
    if words in bot_texts.HUMAN_WORDS or words == levelled(bot_texts.HUMAN["en"]):
        return True
    return any(contains(words, phrase) for phrase in (*bot_texts.HUMAN_PHRASES, *map(levelled, own)))


def _to_choice(talk: Talk, heard: Heard, bot: BotSettings) -> Turn | None:
    if not talk.choices:
        return None
    if heard.words == "0":
        return _hand_over(heard, "asked")
    numbers = [str(place) for place in range(1, len(talk.choices) + 1)]
    for said in (numbers, list(heard.questions)):
        if heard.words in said:
            return Turn(kind="answer", language=heard.language, refs=[talk.choices[said.index(heard.words)]])
    if heard.words not in bot_texts.NO_WORDS:
        return None
    if talk.misses + 1 >= bot.misses:
        return _hand_over(heard, "not_it")
    return Turn(kind="again", language=heard.language)


def _whether(talk: Talk, heard: Heard) -> Turn | None:
    """To "was this it?"."""
    if not talk.asks_whether:
        return None
    if heard.words == "0":
        return _hand_over(heard, "asked")
    if heard.words in bot_texts.YES_WORDS:
        return Turn(kind="thanks", language=heard.language)
    if heard.words not in bot_texts.NO_WORDS:
        return None
    if talk.rest:
        return Turn(kind="offer", language=heard.language, refs=talk.rest)
    return _hand_over(heard, "not_it")


def _hello(heard: Heard) -> Turn | None:
    return Turn(kind="greet", language=heard.language) if heard.words in bot_texts.HELLOS else None


def _keyword(heard: Heard, keywords: Sequence[Keyword]) -> Turn | None:
    in_order = sorted(enumerate(keywords), key=lambda pair: -pair[1].priority)
    for place, keyword in in_order:
        if keyword.enabled and is_said(keyword, heard.words):
            return Turn(kind="keyword", language=heard.language, keyword=place)
    return None


def is_said(keyword: Keyword, words: str) -> bool:
    wanted = [levelled(word) for word in keyword.words]
    return words in wanted if keyword.exact else any(contains(words, word) for word in wanted)


def contains(words: str, wanted: str) -> bool:
    """Latin words as whole words: "ship" is not in "friendship"."""
    if not wanted or wanted not in words:
        return False
    if not wanted.isascii():
        return True
    return re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])", words) is not None


def after_asking(
    talk: Talk, heard: Heard, bot: BotSettings, decision: Decision, found: Sequence[Found]
) -> Turn:
    # Who was offered something and asks anew did not find it there.
    misses = talk.misses + bool(talk.choices)
    if decision is Decision.answer and found:
        return Turn(kind="answer", language=heard.language, refs=[each.ref for each in found])
    if misses + (decision is Decision.unknown) >= bot.misses:
        return _hand_over(heard, "not_found")
    if decision is Decision.offer and found:
        return Turn(kind="offer", language=heard.language, refs=[each.ref for each in found])
    return Turn(kind="again", language=heard.language)


def went_on(talk: Talk, heard: Heard, turn: Turn, found: Sequence[Found] = ()) -> Talk:
    """Where the bot stands after its turn."""
    is_end = turn.kind == "hand_over" and turn.why in ("not_found", "not_it")
    missed = is_end or turn.kind == "again" or (bool(talk.choices) and not is_choice(talk, turn, found))
    best = max(found, key=lambda each: each.score, default=None)
    is_settled = turn.kind in ("thanks", "keyword") or is_choice(talk, turn, found)
    return msgspec.structs.replace(
        talk,
        turn=msgspec.structs.replace(turn, greets=talk.turns == 0 and turn.kind != "hand_over"),
        turns=talk.turns + 1,
        misses=0 if is_settled else talk.misses + missed,
        lately=[at for at in [*talk.lately, heard.at] if heard.at - at < MINUTE_MS][-PER_MINUTE:],
        choices=turn.refs if turn.kind == "offer" else [],
        rest=turn.refs[1:] if turn.kind == "answer" else [],
        asks_whether=turn.kind == "answer",
        best=best.ref if best else talk.best,
        score=best.score if best else talk.score,
    )


def is_choice(talk: Talk, turn: Turn, found: Sequence[Found]) -> bool:
    """Whether the answer was picked, not found."""
    return turn.kind == "answer" and bool(talk.choices) and not found
