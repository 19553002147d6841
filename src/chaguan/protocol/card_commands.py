"""Commands about cards (`commands` has the rest)."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.content import Id
from chaguan.protocol.envelope import Key, Number


class _Command(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    id: Number


class ActOnCard(_Command, tag="act_on_card"):
    """The customer of a service conversation takes up an offer of a card: `intent` as it stands there, `text` what they
    write with it (a new address, why they want their money back). The log tells of it (a `system` message `card_act`, with
    `action`, `object_type`, `object_id`, `title` and `text`), and so does the server API; what comes of it the card shows.
    Answered with `Appended`.

    An intent is good once, for seven days, and only while the card stands as it did. Errors: `conflict` (`data.reason`
    `late`: it was taken up already, the card has changed, or it is too old; nothing was done, and the card that comes has
    fresh offers; without a reason: key used otherwise), `bad_request` (`forged`: nobody was offered this), `forbidden` (not
    the customer), `not_found` (no such conversation; the card was recalled)."""

    conversation_id: Id
    client_msg_id: Key
    intent: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Annotated[str, Meta(max_length=300)] = ""
