"""What messaging needs from above and beside it; `app.py` fills these in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from chaguan.core.caller import Caller
from chaguan.core.trace import Trace
from chaguan.messaging.model import Membership, Room
from chaguan.protocol.content import Content
from chaguan.protocol.conversations import User

if TYPE_CHECKING:
    from chaguan.messaging.log import Draft


class Publisher(Protocol):
    """Fan-out to live sessions. A topic is a user's id or a conversation's id."""

    def publish(self, topic: str, push: Struct, encoded: bytes | None = None) -> None:
        """`encoded`: the push as JSON, where the caller has it already."""

    def skip(self, topic: str, entry: Struct) -> None:
        """An entry that is pushed to nobody, so that nobody waits for it."""

    def is_followed(self, topic: str) -> bool:
        """Whether anybody may listen; spares making a push for nobody."""

    def follow(self, user_id: str, topic: str, seq: int) -> None:
        """The user's live sessions receive the topic from the entry after `seq` on."""

    def unfollow(self, user_id: str, topic: str) -> None: ...


class Access(Protocol):
    """Who besides members may look into a conversation (the desk grants agents)."""

    def grant(self, caller: Caller, room: Room) -> Membership | None: ...


class BeforeAppend(Protocol):
    """The last word on a message before it is stored: checks media, moderates. May change the content or raise."""

    async def __call__(self, caller: Caller, room: Room, content: Content, /) -> Content: ...


class Asking(Protocol):
    """Who asked for something and is told later, on the loop, what became of it: an answer, or what went wrong."""

    trace: Trace

    def settle(self, outcome: Struct | Exception, /) -> None: ...


class Alongside(Protocol):
    """Adds to a message what is stored in its transaction (`effect`) and what happens after that (`on_appended`)."""

    def __call__(self, draft: "Draft", /) -> None: ...


class OnCommitted(Protocol):
    """Wakes those who read the log; called after each entry, often, and must return at once."""

    def __call__(self, conversation_id: str, /) -> None: ...


class OnTyping(Protocol):
    """Hears who writes where; must return at once."""

    def __call__(self, room: Room, user_id: str, /) -> None: ...


class Rates(Protocol):
    """Limits that hold for all processes together."""

    def allow(self, key: str, second: int, limit: int) -> bool: ...


class Links(Protocol):
    """Signed, expiring links to media."""

    def __call__(self, media_id: str, variant: str, /) -> str: ...


class Directory(Protocol):
    """Users by id; unknown ids are missing in the answer."""

    async def users(self, ids: Sequence[str]) -> list[User]: ...
