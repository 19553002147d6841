"""Commands of the desk: its cases, lines and agents, and what a customer's side asks of them. See `commands`."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.callbacks import Contact, LeftText
from chaguan.protocol.content import Id
from chaguan.protocol.desk import AgentState, Outcome, Tags
from chaguan.protocol.envelope import Key, Language, Limit, Number, Seq
from chaguan.protocol.ratings import RatingReasons, RatingText, Stars


class _Command(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    id: Number


class WatchDesk(_Command, tag="watch_desk"):
    """Agents: the cases that wait or are open, the agents and the queues; and from now on each change as `desk_changed`
    and `agents_changed`. Answered with `Desk`. Errors: `forbidden`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""
    version: Seq = 0


class TakeCase(_Command, tag="take_case"):
    """Become the agent of a waiting case (or of one's colleague's, with `force`). Answered with `CaseReply`.

    Errors: `conflict` with `data.agent_id` when somebody was faster, or with `data.reason` `no_place` (`load`,
    `capacity`) for a case of a queue when my capacity is used up; `force` takes it all the same."""

    case_id: Id
    force: bool = False


class ResolveCase(_Command, tag="resolve_case"):
    """The consultation is done, or with `outcome` `abandoned`: the customer is gone. Only its agent or an
    administrator. `note` is for colleagues; the customer never sees it. Answered with `CaseReply`."""

    case_id: Id
    outcome: Outcome = Outcome.resolved
    note: Annotated[str, Meta(max_length=2_000)] = ""


class ReopenCase(_Command, tag="reopen_case"):
    """Go on with a consultation that has ended; it keeps its history. An agent's: it is mine, as after `take_case`;
    `force`: although my capacity is used up. The customer's own: it is not solved, and waits again, from now. One that
    is open already stays as it is. Answered with `CaseReply`.

    Errors: `forbidden` (another customer's), `conflict` with `data.case_id` when the customer has begun another one
    since, which stands in its place, with `data.limit` (5 are open already), with `data.reason` `no_place` as with
    `take_case` or, for the customer, `case_open` (as `data.case_id`) or `too_late` (it ended more than 7 days ago), or
    with `data.agent_id` when a colleague has it."""

    case_id: Id
    force: bool = False


class ListCases(_Command, tag="list_cases"):
    """Agents: the consultations of a service conversation, the latest first, what is resolved too. Answered with
    `CaseList`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation)."""

    conversation_id: Id
    limit: Limit = 50


class GetWechatContact(_Command, tag="get_wechat_contact"):
    """Agents: whether what is said in this service conversation also goes to WeChat's own customer-service chat, and
    how many messages that takes before the customer writes again. Answered with `WechatContact`; changes come as
    `wechat_contact_changed`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation)."""

    conversation_id: Id


class TransferCase(_Command, tag="transfer_case"):
    """Pass a case on: to a colleague (`agent_id`), who must be there and have a place left, or to a queue (`queue_id`),
    where it stands by the time it has waited since and does not come back to who passed it on. `note` is for
    colleagues; the customer never sees it. A waiting case may be passed on by any agent, an open one by its own or an
    administrator. Answered with `CaseReply`.

    Errors: `bad_request` (one of the two), `forbidden`, `not_found`, `conflict` with `data.reason` `agent_gone` or
    `no_place` (`load`, `capacity`)."""

    case_id: Id
    agent_id: Annotated[str, Meta(max_length=64)] = ""
    queue_id: Annotated[str, Meta(max_length=64)] = ""
    note: Annotated[str, Meta(max_length=2_000)] = ""


class OpenCase(_Command, tag="open_case"):
    """Begin one more consultation on the thread of a service conversation, with a subject of its own, beside what is
    open there. For its customer and for agents. Answered with `CaseReply`. Errors: `conflict` (5 are open already)."""

    client_msg_id: Key
    conversation_id: Id
    subject: Annotated[str, Meta(min_length=1, max_length=100)]


class SetCaseTags(_Command, tag="set_case_tags"):
    """Agents: call a case something, or no longer; resolved ones too. At most 20 tags a case, 40 characters each; spaces
    around are cut. Answered with `CaseReply`. Errors: `bad_request` (unprintable), `conflict` (`too_many`)."""

    case_id: Id
    add: Tags = []
    remove: Tags = []


class WatchWall(_Command, tag="watch_wall"):
    """Agents: how the whole desk stands, for a screen on the wall; and from now on each change as `wall_changed`, at most
    once a second, every 15 s without any, and as `agents_changed`. Answered with `WallReply`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""


class GetCaseHistory(_Command, tag="get_case_history"):
    """Agents: what happened to a case, in order, with reasons and notes. Answered with `CaseHistory`."""

    case_id: Id


class GetWaiting(_Command, tag="get_waiting"):
    """Where the customer of a service conversation stands and how long it will take: as of the last commit. Changes come
    to the customer as `waiting_moved`. For the customer and for agents. Answered with `Waiting`."""

    conversation_id: Id


class GetService(_Command, tag="get_service"):
    """How it stands with a service conversation: its case, who answers, the place in the line, hours, what can be rated.
    All that the customer's side shows above the messages, in one answer; ask again after `case_changed`. For the
    customer and for agents. Answered with `Service`. Errors: `bad_request` (not a service conversation)."""

    conversation_id: Id


class RateCase(_Command, tag="rate_case"):
    """The customer: what I think of a consultation that has ended. Says what shall be: another number within the time of
    `invitation` replaces the former one, the same again changes nothing. `reasons` are ids of the invitation's that fit
    the stars. `text` is sealed; the customer and agents read it. Answered with `Rating`.

    Errors: `forbidden` (another's case), `conflict` with `data.reason` `not_ended`, `not_asked` (the shop does not ask
    after such an end) or `too_late`, `bad_request` (`data.field`: a reason that is not offered for these stars)."""

    case_id: Id
    stars: Stars
    reasons: RatingReasons = []
    text: RatingText = ""


class LeaveLine(_Command, tag="leave_line"):
    """The customer: I do not wait any longer. The case ends as `abandoned`. Answered with `CaseReply`. Errors: `forbidden`,
    `conflict` with `data.reason` `has_agent` (somebody has taken it)."""

    case_id: Id


class LeaveMessage(_Command, tag="leave_message"):
    """The customer: I do not wait for an answer, call me back. `text` becomes a message of mine; the case leaves the line
    and stands in the list of `list_callbacks` until an agent takes it. Writing on takes it back into the line. `contact`
    needs `consent` to its being kept for that. Answered with `Callback`.

    Errors: `forbidden` (another's conversation), `bad_request` (`data.field`: `consent`, `text`), `conflict` with
    `data.reason` `has_agent` (somebody answers already: just write)."""

    client_msg_id: Key
    conversation_id: Id
    text: LeftText
    contact: Contact = ""
    consent: bool = False


class ListCallbacks(_Command, tag="list_callbacks"):
    """Agents: who waits to be called back. They come and go with `desk_changed`, whose cases have the outcome `callback`.
    Answered with `Callbacks`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""


class TakeCallback(_Command, tag="take_callback"):
    """Agents: I call this customer back. The case is open and mine; that it is done, `resolve_case` says. Answered with
    `CaseReply`. Errors: `conflict` with `data.agent_id` (somebody was faster) or `data.reason` `case_open` (the customer
    has another one open), `no_place`, `gone`."""

    case_id: Id


class SetAgentState(_Command, tag="set_agent_state"):
    """Agents: whether I am given cases. `online`, `busy`, `away` or `offline`; with the first time I am at the desk, as
    an agent with a capacity of 5. Choosing the same again says that I am there. Answered with `Agent`."""

    state: AgentState


class GetCustomerContext(_Command, tag="get_customer_context"):
    """What the business's own server knows of a customer (profile, cart, orders), through its signed context
    URL. `language` is what the reader would like the answer in. Answered with `CustomerContext`, also when that
    server is down (`business_problem`). An answer is remembered for a minute, or until something is said; an older one
    is given at once, with its age: ask again with `refresh` then, which waits for a new one."""

    conversation_id: Id
    language: Language = ""
    refresh: bool = False
