"""What a customer says of a consultation that has ended, and how a shop asks for it."""

from typing import Annotated

from msgspec import Meta, Struct, field

Stars = Annotated[int, Meta(ge=1, le=5)]
ReasonId = Annotated[str, Meta(min_length=1, max_length=32, pattern="^[a-z0-9_]+$")]
RatingText = Annotated[str, Meta(max_length=500)]
RatingReasons = Annotated[list[ReasonId], Meta(max_length=10)]
Outcome = Annotated[str, Meta(min_length=1, max_length=32)]


class RatingReason(Struct, omit_defaults=True, kw_only=True):
    """Something a customer can tap beside the stars. `texts` by language (`zh-CN`, `en`). It is offered to who gives
    `least` to `most` stars."""

    id: ReasonId
    texts: dict[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(max_length=40)]]
    least: Stars = 1
    most: Stars = 5


class RatingSettings(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """Whether and how a shop asks. `outcomes`: after which ends (`resolved`, `abandoned`). `window_s`: how long after the
    end, in seconds, customers may rate and change what they said. `reasons`: what they can tap; empty: Chaguan's own."""

    on: bool = True
    outcomes: Annotated[list[Outcome], Meta(max_length=10)] = field(default_factory=lambda: ["resolved"])
    window_s: Annotated[int, Meta(ge=600, le=30 * 86_400)] = 72 * 3_600
    reasons: Annotated[list[RatingReason], Meta(max_length=20)] = []


class Rating(Struct, omit_defaults=True, kw_only=True):
    """What the customer said of one case, the last time they said it. `agent_id` and `queue_id`: whom and where it meant,
    as the case stood then. `at`: when they said it first, `changed_at`: when last, UTC milliseconds."""

    case_id: str
    stars: int
    reasons: list[str] = []
    text: str = ""
    agent_id: str = ""
    queue_id: str = ""
    at: int = 0
    changed_at: int = 0


class RatingInvitation(Struct, omit_defaults=True, kw_only=True):
    """The customer may rate this case, or change what they said, until `until` (UTC milliseconds). `asks` is false for who
    has answered already: nobody is asked twice. `reasons` are those that can be tapped."""

    case_id: str
    until: int
    asks: bool = True
    reasons: list[RatingReason] = []
