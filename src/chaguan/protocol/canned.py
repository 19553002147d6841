"""Canned replies: what agents say often, ready to be put into an answer."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.content import Card, Image

VARIABLES = (
    "customer.name",
    "agent.name",
    "shop.name",
    "case.subject",
    "order.number",
    "order.status",
    "order.total",
)
"""What `{{…}}` may name. The list is closed: a text with another name is refused when it is saved."""

Shortcut = Annotated[str, Meta(min_length=1, max_length=32)]


class CannedSpec(Struct, omit_defaults=True, kw_only=True):
    """A reply as it is written down.

    `shortcut` is what an agent types after `/`: no spaces, no `/`, small letters; unique among an agent's own and
    among a shop's. `texts` by language (`zh-CN`, `en`), at least one text or content. `contents`: pictures and cards
    that go along after the text, in order.

    Texts may hold variables: `{{customer.name}}`, `{{agent.name}}`, `{{shop.name}}`, `{{case.subject}}` and of the
    customer's latest order `{{order.number}}`, `{{order.status}}`, `{{order.total}}`. The client fills in what it knows
    where the agent picks the reply, and lets nothing be sent in which one is left.
    """

    shortcut: Shortcut
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    folder: Annotated[str, Meta(max_length=60)] = ""
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=30)]], Meta(max_length=10)] = []
    texts: dict[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(max_length=5_000)]] = {}
    contents: Annotated[list[Image | Card], Meta(max_length=5)] = []


class CannedReply(CannedSpec, omit_defaults=True, kw_only=True):
    """`shop_id`: whose it is; empty: every shop's. `owner_id`: the agent who alone has it; empty: it is shared. `score`: how
    often and how lately I used it; a use counts 1000 and half of that two weeks later."""

    id: str
    shop_id: str = ""
    owner_id: str = ""
    updated_at: int = 0
    score: int = 0


class CannedFault(Struct, omit_defaults=True):
    """A row that was not taken: its line in the file (CSV, the heading is line 1) or its place in the list (JSON, from
    1), and why: `columns`, `json`, `field` (`data.field`), `empty`, `variable` (`data.names`), `twice`, `taken`, `too_many`."""

    line: int
    code: str
    data: dict[str, str] = {}


class CannedImport(Struct, omit_defaults=True):
    """What an import did, or would do: replies made and changed (by shortcut), and rows that were not taken."""

    created: int
    changed: int
    faults: list[CannedFault] = []
