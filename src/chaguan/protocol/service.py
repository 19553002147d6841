"""What the customer's side of a service conversation shows above the messages."""

from msgspec import Struct

from chaguan.protocol.callbacks import Callback
from chaguan.protocol.conversations import Case, User
from chaguan.protocol.desk import Waiting
from chaguan.protocol.ratings import Rating, RatingInvitation


class Service(Struct, omit_defaults=True, kw_only=True):
    """How it stands with a service conversation, as of one commit.

    `case`: the consultation that is open, or the last; null: there was none. `agent`: who has it. `waiting`: the place in
    the line, and when a desk opens that is closed; `out_of_hours` then says it in the shop's words, by language.
    `nobody_there`: the desk is open, and none of those who answer is there. `invitation`: the case may be rated;
    `rating`: what was said of it. `can_reopen`: the case has ended, and `reopen_case` lets it go on. `callback`: a
    message was left in this case, to be answered later.
    """

    conversation_id: str
    waiting: Waiting
    case: Case | None = None
    agent: User | None = None
    out_of_hours: dict[str, str] = {}
    nobody_there: bool = False
    invitation: RatingInvitation | None = None
    rating: Rating | None = None
    can_reopen: bool = False
    callback: Callback | None = None
