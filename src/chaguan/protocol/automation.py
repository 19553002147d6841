"""What a desk answers by itself: its list of questions, its bot, when it closes. As HTTP has it, and as it is stored."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from chaguan.protocol.content import Card, Image
from chaguan.protocol.conversations import User
from chaguan.protocol.desk import Names

Language = Literal["zh-CN", "en"]
Said = Annotated[str, Meta(min_length=1, max_length=1_000)]
Texts = dict[Language, Said]
"""The same in the languages that customers read. Who reads none of those there are is told the first."""
Question = Annotated[str, Meta(min_length=1, max_length=300)]
Further = Annotated[list[Card | Image], Meta(max_length=3)]
"""Sent after the text. A picture is named by its `media_id`, uploaded by who saves it."""


class FaqText(Struct, omit_defaults=True, kw_only=True):
    """A question in one language: as the shop puts it, in other words (`similar`), and what is answered."""

    question: Question
    answer: Annotated[str, Meta(min_length=1, max_length=4_000)]
    similar: Annotated[list[Question], Meta(max_length=20)] = []


class FaqSpec(Struct, omit_defaults=True, kw_only=True):
    """One question with its answer, in one language or several. The bot answers in the language of the text that was
    found, and finds the customer's own first. `position` orders the list (smallest first) and nothing else; what is not
    `enabled` is kept and not answered."""

    texts: Annotated[dict[Language, FaqText], Meta(min_length=1)]
    contents: Further = []
    position: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    enabled: bool = True


class FaqEntry(FaqSpec, omit_defaults=True, kw_only=True):
    id: str
    changed_at: int = 0


class FaqPage(Struct):
    """`total`: how many fit what was asked for; `next_offset` is 0 after the last."""

    entries: list[FaqEntry]
    total: int
    next_offset: int = 0


class FaqFault(Struct, omit_defaults=True):
    """What is wrong with a row of a file. `line`: where it ends, the heading being line 1 (of JSON: which entry, from
    1). `reason`: `no_question`, `no_answer`, `question_too_long`, `answer_too_long`, `similar_too_many`,
    `similar_too_long`, `bad_id`, `same_id`, `same_question`, `bad_language`, `too_many_entries`, `not_text`,
    `not_an_entry`."""

    line: int
    reason: str
    column: str = ""


class FaqImported(Struct, omit_defaults=True):
    """What became of a file: either all of `added` and `changed` (and `removed`) is stored, or nothing is. `faults`
    names the first 200 bad rows of `bad_rows`; with any, nothing is stored unless only the good ones were asked for."""

    stored: bool
    added: int = 0
    changed: int = 0
    removed: int = 0
    bad_rows: int = 0
    faults: list[FaqFault] = []


class FaqQuestion(Struct):
    text: Annotated[str, Meta(min_length=1, max_length=5_000)]


class FaqRanked(Struct, omit_defaults=True):
    """An entry and what speaks for it. `score`: how probable it is that it answers, 0 where it was not among the three
    best. `signs`: what was compared, each from 0 to 1."""

    entry_id: str
    language: Language
    question: str
    score: float = 0.0
    signs: dict[str, float] = {}


class FaqTrial(Struct, omit_defaults=True):
    """What the bot would do with a question: `answer` with the first, `offer` those with a score, or `unknown`."""

    decision: str
    ranked: list[FaqRanked]
    entries: int = 0
    """How many texts were looked through."""


class Greeting(Struct, omit_defaults=True, kw_only=True):
    """The first word of a case. For customers of `apps` (ids) who came from one of `pages` (how the entry page
    begins); an empty list fits everybody. `closed_texts` stands in its place while the desk is closed."""

    texts: Texts
    closed_texts: Texts = {}
    apps: Names = []
    pages: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=50)] = []


class Keyword(Struct, omit_defaults=True, kw_only=True):
    """An answer to words. `exact`: one of `words` is all that was said, else it stands somewhere in it (Latin words as
    whole words). Capitals, widths and punctuation at the ends count for nothing. The largest `priority` is asked first,
    then in order. `hand_over`: a person answers next."""

    words: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(min_length=1, max_length=50)
    ]
    texts: Annotated[Texts, Meta(min_length=1)]
    exact: bool = False
    priority: Annotated[int, Meta(ge=0, le=1_000)] = 0
    contents: Further = []
    hand_over: bool = False
    enabled: bool = True


class BotSettings(Struct, omit_defaults=True, kw_only=True):
    """What answers a new case first. Off until it is `enabled`; switched off, its cases go to their queues.

    The first greeting that fits is said. `faq`: whether the list of questions is asked. `suggest`: whether
    customers are shown answers of the list while they type, with a bot or without. After `misses` questions
    without an answer a person takes over; at once when one is asked for, in the words that the bot knows or in one of
    `human_words`. `handing_over`, `not_understood`: said in place of the bot's own sentences.
    `end_after_s`: a customer who is silent for so long ends the case that only the bot has (0: never).
    """

    enabled: bool = False
    faq: bool = True
    suggest: bool = True
    greetings: Annotated[list[Greeting], Meta(max_length=50)] = []
    keywords: Annotated[list[Keyword], Meta(max_length=500)] = []
    misses: Annotated[int, Meta(ge=1, le=10)] = 2
    human_words: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)] = []
    handing_over: Texts = {}
    not_understood: Texts = {}
    end_after_s: Annotated[int, Meta(ge=0, le=7 * 86_400)] = 1_800


class ClosingRule(Struct, omit_defaults=True, kw_only=True):
    """After `warn_after_s` without a word the customer is told, and `close_after_s` later the case is resolved."""

    warn_after_s: Annotated[int, Meta(ge=60, le=7 * 86_400)]
    close_after_s: Annotated[int, Meta(ge=30, le=7 * 86_400)]


class ClosingSettings(Struct, omit_defaults=True, kw_only=True):
    """When cases that are with an agent end by themselves: by the rule of their queue (by its id), else by `default`;
    without either never. Only after the agent spoke last: who waits for an answer is not sent away. `warning` and
    `farewell` are said in place of the desk's own sentences; `{minutes}` in the first is how long is left."""

    default: ClosingRule | None = None
    queues: Annotated[dict[Annotated[str, Meta(max_length=64)], ClosingRule], Meta(max_length=100)] = {}
    warning: Texts = {}
    farewell: Texts = {}


class RuleEvent(StrEnum):
    """When a rule is looked at. `opened`: a case begins to wait for people (opened without a bot, handed over by one, or
    reopened). `waiting`: it has waited for `minutes`. `said`: its customer said something, and no bot has it.
    `resolved`: it ended. `tagged`: an agent gave it a tag."""

    opened = "opened"
    waiting = "waiting"
    said = "said"
    resolved = "resolved"
    tagged = "tagged"


class RuleIf(Struct, omit_defaults=True, kw_only=True):
    """All of it must fit; what is empty fits everything. `languages` (`zh` fits `zh-CN`), `apps` and `pages` (how the
    entry page begins) tell where the customer came from. `hours`: only while the desk is open, or closed. `words`: one
    of them stands in what was said (Latin ones as whole words); for `said`, and there it must be given. `tags`: the case
    has one of them; for `tagged`, one that it was given just now, and there it must be given."""

    queues: Names = []
    languages: Names = []
    apps: Names = []
    pages: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=50)] = []
    hours: Literal["", "open", "closed"] = ""
    words: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)] = []
    tags: Names = []


Told = Literal["robots", "agents"]
"""Who looks elsewhere: the group robots of a shop, the devices of its agents."""


class RuleThen(Struct, omit_defaults=True, kw_only=True):
    """What is done: put a waiting case into a queue or give it to an agent (who is there and has a place; else it stays),
    end it, say something, and give it tags. At most one of the first three; what has ended is not moved, and a case
    that begins goes to queues only, and is tagged by a rule of its own before that.

    `notify`: those who look elsewhere are told that the rule fired, by its name: the group robots that hear of the case's
    queue (`robots`); the devices of who has the case or, while nobody has it, of those who may take it (`agents`)."""

    queue_id: Annotated[str, Meta(max_length=64)] = ""
    agent_id: Annotated[str, Meta(max_length=64)] = ""
    close: bool = False
    reply: Texts = {}
    tags: Names = []
    notify: Annotated[list[Told], Meta(max_length=2)] = []


class RuleSpec(Struct, kw_only=True, rename={"if_": "if"}, omit_defaults=True):
    """When … if … then …, once for each occasion."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    when: RuleEvent
    then: RuleThen
    if_: RuleIf = field(default_factory=RuleIf)
    minutes: Annotated[int, Meta(ge=0, le=10_080)] = 0
    enabled: bool = True
    id: Annotated[str, Meta(max_length=64)] = ""
    """Given by the server; sent back, the rule stays the same one."""


class RuleList(Struct):
    """Asked in this order. The first that moves or ends a case is the last that is asked for that occasion."""

    rules: Annotated[list[RuleSpec], Meta(max_length=50)] = []


class RuleCut(Struct):
    """A rule that went round: in one conversation rules did something 20 times within an hour, this one wanted to go on,
    and nothing was done. `at`: when this happened last."""

    rule_id: str
    case_id: str
    at: int


class RuleRuns(Struct):
    """How often a rule did something lately (in 30 days; the last 5,000 of the shop's are counted), and when and where it
    did so last, UTC milliseconds. A rule that did nothing is not named."""

    rule_id: str
    runs: int
    at: int
    conversation_id: str


class Rules(RuleList):
    cuts: list[RuleCut] = []
    runs: list[RuleRuns] = []


class RuleQuestion(Struct, kw_only=True):
    """A rule that is to be tried, and for `said` what a customer says."""

    rule: RuleSpec
    text: Annotated[str, Meta(max_length=1_000)] = ""


class RuleTried(Struct, omit_defaults=True, kw_only=True):
    """One of the shop's cases, and whether the rule would have fired in it. `unmet`: the conditions it does not meet:
    `queues`, `languages`, `apps`, `pages`, `hours`, `words` or `tags` of the rule's `if`, `minutes`, or `when`. Looked at as
    it is now, `hours` as they were when it began; `waiting` by how long nobody had it at first."""

    case_id: str
    conversation_id: str
    customer_id: str
    opened_at: int
    unmet: list[str] = []


class RuleTrial(Struct, omit_defaults=True):
    """The latest cases, newest first, and the names of their customers. Nothing was done in them."""

    cases: list[RuleTried]
    users: list[User] = []
