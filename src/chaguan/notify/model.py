"""What an administrator settles about being told, and the values this domain works with."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from chaguan.platforms.robots import Vendor

Language = Literal["zh-CN", "en"]
_Seconds = Annotated[int, Meta(ge=0, le=86_400)]
_Text = Annotated[str, Meta(max_length=100)]


class NotifySettings(Struct, omit_defaults=False, kw_only=True):
    """When those who answer a shop's customers are told that somebody waits. Times in seconds.

    `after_s`: a case that nobody has taken for so long is told of; 0: never. `unattended_after_s`: the same while no
    agent is online. `again_s`: as long as anybody waits it is said again at most so often; 0: not again. `language`:
    of what group robots say. `excerpt`: whether the customer's name and first words go along, through the vendors'
    and browsers' services; without it they hear only that somebody waits. `when_closed`: also outside of the shop's
    hours; without it, who came then is told of when it opens. `targets`: whether they hear that a queue's target was
    `missed`, or already that it comes `near`; whatever the rest says, and at any hour at which the target itself counts.
    """

    after_s: _Seconds = 60
    unattended_after_s: _Seconds = 10
    again_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    language: Language = "zh-CN"
    excerpt: bool = False
    when_closed: bool = False
    targets: Literal["", "missed", "near"] = "missed"


class RobotSpec(Struct, kw_only=True):
    """`address` as it is copied from the group's page, `secret` if the robot wants signatures (Feishu 签名校验, DingTalk
    加签), `keyword` if it wants a word in each text. `address` and `secret` are never shown again: a form sends them
    empty to keep them; `remove_secret` takes the secret away. `queues`: tell only of those; empty: of all."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    address: Annotated[str, Meta(max_length=500)] = ""
    secret: Annotated[str, Meta(max_length=200)] = ""
    remove_secret: bool = False
    keyword: _Text = ""
    queues: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=100)] = []
    enabled: bool = True


class Tried(Struct, omit_defaults=True, kw_only=True):
    """What became of the last call. `state`: `sent`; `waiting`, to be tried again; `not_sent`; `taken`, when nobody
    waited any more by the time it would have left. `reason`: why not. `vendor_code`: the vendor's number."""

    state: str = ""
    reason: str = ""
    vendor_code: int = 0
    at: int = 0


class Robot(Struct, kw_only=True):
    """A robot as it is shown: without what would let others write into the group."""

    id: str
    shop_id: str
    vendor: Vendor
    name: str
    keyword: str
    queues: list[str]
    enabled: bool
    has_secret: bool
    created_at: int
    last: Tried


class RobotKept(Struct, omit_defaults=True, kw_only=True):
    """`bells.spec` of a robot."""

    name: str
    keyword: str = ""
    queues: list[str] = []
    enabled: bool = True


class DeviceKept(Struct, omit_defaults=True, kw_only=True):
    """`bells.spec` of a device. `role` and `session_id` are those of the sign-in that wanted it: with another one
    they want it anew."""

    language: Language = "zh-CN"
    always: bool = False
    role: str = ""
    session_id: str = ""


class Sealed(Struct, omit_defaults=True, kw_only=True):
    """What opens `bells.sealed`. A robot: its place and key; a device: `endpoint` and the browser's keys."""

    base: str = ""
    key: str = ""
    secret: str = ""
    endpoint: str = ""
    p256dh: str = ""
    auth: str = ""


class Bell(NamedTuple):
    """A row of `bells`."""

    id: str
    kind: str
    shop_id: str
    user_id: str
    device_id: str
    tag: str
    spec: str
    sealed: bytes
    created_at: int
    rung_at: int
    rung_until: int
    tested_at: int
    due_at: int | None
    attempts: int
    state: str
    reason: str
    vendor_code: int
    at: int

    @property
    def is_robot(self) -> bool:
        return bool(self.shop_id)

    @property
    def tried(self) -> Tried:
        return Tried(state=self.state, reason=self.reason, vendor_code=self.vendor_code, at=self.at)
