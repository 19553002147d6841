"""Customers who did not wait: they left a message, and want to be answered or called."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.conversations import User

LeftText = Annotated[str, Meta(min_length=1, max_length=1_000)]
Contact = Annotated[str, Meta(max_length=100)]


class Callback(Struct, omit_defaults=True, kw_only=True):
    """Somebody who waits to be called back. Their words are the message `seq` of the conversation, of which `text` is the
    beginning for agents. `contact`: how they want to be reached, in their own words (a telephone number), sealed at rest.
    `at`: when they left it; `due_at`: when they expect an answer from, the next opening of a desk that was closed (UTC
    milliseconds)."""

    case_id: str
    conversation_id: str
    shop_id: str
    customer_id: str
    seq: int
    at: int
    due_at: int
    contact: str = ""
    text: str = ""


class Callbacks(Struct, omit_defaults=True):
    """Those nobody has taken yet, the first due first; at most 200. `users`: the customers."""

    callbacks: list[Callback]
    users: list[User] = []
