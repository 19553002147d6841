"""The desk: where cases wait, who answers them, and why a case is where it is."""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from chaguan.protocol.ratings import RatingSettings

Names = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=50)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=20)]
Minutes = Annotated[int, Meta(ge=0, le=1440)]


class Strategy(StrEnum):
    """To whom the next case of a queue goes, of those agents who have a place for it.

    `round_robin`: who got none for the longest time. `least_loaded`: who has the least to do. `weighted`: who has the
    smallest part of their capacity in use. `last_agent`: who had this customer's last case; if they can't, as
    `least_loaded`. `manual`: to nobody; agents pick.
    """

    round_robin = "round_robin"
    least_loaded = "least_loaded"
    weighted = "weighted"
    last_agent = "last_agent"
    manual = "manual"


class AgentState(StrEnum):
    """Only who is `online` is given cases. `busy` keeps theirs. The cases of who is `away` or `offline` for longer than
    the desk's limit go back to their queues."""

    online = "online"
    busy = "busy"
    away = "away"
    offline = "offline"


class Outcome(StrEnum):
    """How a consultation ended: its question was dealt with, or the customer gave up."""

    resolved = "resolved"
    abandoned = "abandoned"


class Reason(Struct, omit_defaults=True):
    """Why a case is where it is: a code, and the figures behind it. Clients have the words; one that they don't know is
    shown as its code.

    Into a queue: `rule` (`by`: what its rule looked at), `default` (a queue without a rule), `no_queue`, `overflow`
    (`after_s`), `transferred`, `agent_gone`, `reopened`, `handed_over` (by a bot, `why`). To an agent: `round_robin`, `least_loaded`, `weighted`,
    `last_agent`, `picked`, `transferred`; with `load` before it and `of`, the agent's capacity. Still waiting:
    `manual`, `nobody_serves`, `nobody_online`, `all_busy`, `closed`. At the end: `by_agent`, `silence` (`bot`: in a case
    that only a bot had), `inactive` (an agent had it, and nobody spoke for `for_s`), `left` (the customer gave up
    waiting), `left_message`. Of a rating: `by_customer`, with `stars`, and `before` where they said another number.
    Of a target that comes near (`target_near`) or was missed (`target_missed`): `target`, `limit_s`, `since`,
    `in_open_hours`, and with `moved_to` and `queue` where it went on. Of tags (`tags`): `added`, `removed`.

    By a rule of the shop: `rule_fired` (`rule`: its name, `rule_id`, `when`, `occasion`; `not_done` says why it could
    not: `agent_gone`, `no_place`, `no_queue`, `too_many_tags`).

    `why` a bot handed over: `asked`, `not_found`, `not_it` (no to "was this it?"), `not_text`, `keyword`, `too_fast`,
    `too_long`, `switched_off`; with its `turns` and `misses`, and the `question` of the list that it believed most with
    that belief's `score` from 0 to 1.
    """

    code: str
    data: dict[str, Any] = {}


class QueueMatch(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """Which cases a queue is for: each list that is not empty must have something that fits. All empty: every case.

    `languages`: tags such as `zh` or `en-GB`; `zh` fits `zh-CN`. `vip_levels`: of the customer's attributes, as the
    business's server set them (`vip_level`). `apps`: ids. `pages`: beginnings of the entry page (`page`).
    `categories`: of the product (`category`).
    """

    languages: Names = []
    vip_levels: Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(max_length=50)] = []
    apps: Names = []
    pages: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=50)] = []
    categories: Names = []


class Target(StrEnum):
    """What a shop promises itself of each case: how soon an agent says something for the first time (`first_reply`),
    how long somebody stands in a queue until an agent has them (`wait`), how long until the case is resolved
    (`resolution`)."""

    first_reply = "first_reply"
    wait = "wait"
    resolution = "resolution"


class AlarmLevel(StrEnum):
    warned = "warned"
    breached = "breached"


class Alarm(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """A target that comes near or was missed. `since`: when what it is about began, `at`: when that was noticed (UTC
    milliseconds); `limit_s`: what was promised."""

    target: Target
    level: AlarmLevel
    since: int
    at: int
    limit_s: int


class Targets(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """What a queue promises beside `target_wait_s`; seconds, 0: nothing. What each of them measures:
    docs/explanation/service-times.md.

    `in_open_hours`: only the time in which the shop is open counts. `warn_percent`: agents are warned when so much of a
    target is used up (0: never). `move_to`: a case that misses a target while it waits goes on to this queue, of larger
    urgency say, and keeps its time; empty: supervisors are told, and it stays.
    """

    first_reply_s: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 0
    resolution_s: Annotated[int, Meta(ge=0, le=90 * 86_400)] = 0
    in_open_hours: bool = True
    warn_percent: Annotated[int, Meta(ge=0, le=99)] = 80
    move_to: Annotated[str, Meta(max_length=64)] = ""


class QueueSpec(Struct, omit_defaults=True, kw_only=True):
    """What an administrator settles about a queue. What the fields mean stands at `Queue`."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    strategy: Strategy = Strategy.least_loaded
    match: QueueMatch = field(default_factory=QueueMatch)
    skills: Names = []
    agents: Annotated[list[str], Meta(max_length=500)] = []
    urgency: Annotated[int, Meta(ge=0, le=9)] = 0
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    overflow_after_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    overflow_to: Annotated[str, Meta(max_length=64)] = ""
    target_wait_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    targets: Targets = field(default_factory=Targets)


class Queue(QueueSpec, omit_defaults=True, kw_only=True):
    """Where cases of a shop wait. Rules are asked in order of `position`, the first that fits takes the case.

    Agents named in `agents` serve it; with none named, all who have every one of `skills` and, where
    `match.languages` names some, speak one of them. Each case takes `weight` of an agent's capacity. Where several
    queues wait for the same agent, larger `urgency` goes first, then who waits longest. Who has waited for
    `overflow_after_s` in all (0: never) goes on to the queue `overflow_to`, and keeps that time. `target_wait_s`: how
    long somebody waits here at most, as the shop promises itself (0: nothing); `targets`: what else it does.
    """

    id: str
    shop_id: str


class Agent(Struct, omit_defaults=True, kw_only=True):
    """Who answers. `state` is what holds now, `chosen` what they set: who chose `online` is `away` when they did
    nothing for the desk's idle time, and `offline` a minute after their last connection went.

    `load`: the weight of their open cases, of `capacity`. `since`: UTC milliseconds of the present state.
    """

    user_id: str
    state: AgentState = AgentState.offline
    chosen: AgentState = AgentState.offline
    since: int = 0
    capacity: int = 0
    load: int = 0
    skills: list[str] = []
    languages: list[str] = []
    assigned_at: int = 0
    """When they got their last case from a queue."""


class CaseEventKind(StrEnum):
    """What happened to a case. Readers that meet another one show its reason."""

    opened = "opened"
    handed_over = "handed_over"
    queued = "queued"
    assigned = "assigned"
    taken = "taken"
    transferred = "transferred"
    returned = "returned"
    overflowed = "overflowed"
    resolved = "resolved"
    abandoned = "abandoned"
    reopened = "reopened"
    warned = "warned"
    breached = "breached"
    tagged = "tagged"
    rated = "rated"
    message_left = "message_left"
    ruled = "ruled"
    """A rule of the shop said something, or could not do what it wanted."""


class CaseEvent(Struct, omit_defaults=True, kw_only=True):
    """One change of a case: who (`actor_id`; empty: the desk itself) and when, from whom to whom, from where to where,
    and why. `seq` is its place in the conversation. `note` was written for colleagues; customers never get it."""

    case_id: str
    seq: int
    at: int
    kind: CaseEventKind
    actor_id: str = ""
    agent_id: str = ""
    former_agent_id: str = ""
    queue_id: str = ""
    former_queue_id: str = ""
    reason: Reason | None = None
    note: str = ""


class Waiting(Struct, omit_defaults=True, kw_only=True):
    """Where somebody stands. `position` 1 is next; 0: their case stands in no queue, since an agent has it, nobody gives
    it out, or there is none. `expected_ms`: how long it will take from now, -1 while nobody can say.
    `opens_at`: the desk is closed, and opens then (UTC milliseconds). `at`: when this held; of two the later one is true."""

    conversation_id: str
    case_id: str = ""
    position: int = 0
    expected_ms: int = -1
    opens_at: int = 0
    at: int = 0


class Line(Struct, omit_defaults=True, kw_only=True):
    """How it stands with a queue: how many wait, since when the first does (UTC milliseconds), how long who came now
    would wait (-1: nobody can say), and why the first waits."""

    queue_id: str
    waiting: int = 0
    oldest_at: int = 0
    expected_ms: int = -1
    reason: Reason | None = None


class Unanswered(Struct, omit_defaults=True):
    """Since when the customer of a case is without an answer: `at` is when the first of their words came that its agent has
    not answered (UTC milliseconds), 0: nothing waits for an answer, or a bot has the case. `ordinal` is that message's,
    so what the customer said since are about `head_ordinal` - `ordinal` + 1 messages; 0: not known. `seq` is the entry
    that made it so: of two the one with the larger `seq` is true."""

    case_id: str
    seq: int = 0
    at: int = 0
    ordinal: int = 0


class Holiday(Struct, omit_defaults=True):
    """A day with hours of its own, by the shop's calendar: `2027-02-06`. Without `open` the shop is closed."""

    date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    open: Annotated[list[tuple[Minutes, Minutes]], Meta(max_length=8)] = []
    name: Annotated[str, Meta(max_length=100)] = ""


Day = Annotated[list[tuple[Minutes, Minutes]], Meta(max_length=8)]


class Hours(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """When a shop answers. `week`: Monday to Sunday, each a list of intervals `[from, until]` in minutes of the day, in
    order; no week: always. What goes on after midnight is two intervals. `timezone` is an IANA name."""

    timezone: Annotated[str, Meta(min_length=1, max_length=64)] = "Asia/Shanghai"
    week: Annotated[list[Day], Meta(max_length=7)] = []
    holidays: Annotated[list[Holiday], Meta(max_length=200)] = []


class DeskSettings(Struct, omit_defaults=True, kw_only=True):
    """How a shop's desk works. Times in seconds, 0: never.

    `idle_s`: who does nothing for so long is away (of several shops' the smallest counts: agents serve them all). `reassign_s`: cases of who is away or offline for so long go back
    to their queue. `reopen_s`: a customer who writes so soon after the end goes on with the same case.
    `abandon_s`: a waiting customer who is silent for so long has given up. `out_of_hours`: what customers are told
    when nobody is there, by language (`zh-CN`, `en`). `ratings`: how they are asked what they think of it.
    """

    hours: Hours = field(default_factory=Hours)
    idle_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    reassign_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    reopen_s: Annotated[int, Meta(ge=0, le=7 * 86_400)] = 0
    abandon_s: Annotated[int, Meta(ge=0, le=7 * 86_400)] = 0
    out_of_hours: dict[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(max_length=1_000)]] = {}
    ratings: RatingSettings = field(default_factory=RatingSettings)


class WallQueue(Struct, omit_defaults=True, kw_only=True):
    """One queue on the wall: how many wait, since when the first does (UTC milliseconds, 0: nobody), how many are with an
    agent, and how many targets were missed today. The one without an id: cases of no queue."""

    queue_id: str = ""
    name: str = ""
    waiting: int = 0
    oldest_at: int = 0
    open: int = 0
    breached: int = 0
    target_wait_s: int = 0


class Wall(Struct, omit_defaults=True, kw_only=True):
    """How a shop's desk stands at the moment `at`, as its log tells. Counts of a day are those since `day_at`, midnight
    by the shop's clock.

    `with_bot`: cases that a bot answers. `replied`: customers who got their first reply today; `first_reply_ms` is the
    median of how long it took, -1 without any. `rated`: customers who gave stars today, `rating` their mean. Agents'
    states and loads come as `agents_changed`.
    """

    shop_id: str
    at: int
    day_at: int
    queues: list[WallQueue] = []
    waiting: int = 0
    oldest_at: int = 0
    open: int = 0
    with_bot: int = 0
    opened: int = 0
    resolved: int = 0
    abandoned: int = 0
    replied: int = 0
    first_reply_ms: int = -1
    breached: int = 0
    rated: int = 0
    rating: float = 0.0
