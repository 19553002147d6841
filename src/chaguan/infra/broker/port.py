"""The port: topics, and a few small shared values that expire."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

OnMessage = Callable[[str, bytes], None]
"""`(topic, message)`, in the order in which the broker got them. Never one's own."""

OnLink = Callable[[bool], None]
"""True: linked, for the first time or again, and everything subscribed before is on its way. False: the link broke."""


class Broker(Protocol):
    """One process's link to the others. Nothing raises when the link is down: what is published is dropped, unless
    it is to be kept, and questions get the answer of somebody who is alone.

    A subscription holds from the moment in which the broker acknowledged it: `since` gives that moment by
    `time.monotonic`, and None while there is none, so also while the link is down.
    """

    is_shared: bool
    """False: there are no other processes, and nobody needs to be told anything."""
    node: str
    """Names this process for as long as it runs."""

    @property
    def is_linked(self) -> bool: ...
    @property
    def trouble(self) -> str:
        """One sentence for people when the link is down."""

    @property
    def peers(self) -> frozenset[str]:
        """The processes that were alive lately, this one included."""

    async def ask_peers(self) -> frozenset[str]:
        """The same as of now."""

    @property
    def figures(self) -> Mapping[str, int]: ...

    def listen(self, on_message: OnMessage, on_link: OnLink) -> None: ...
    async def start(self) -> None:
        """Returns when linked, or after a moment without."""

    async def stop(self) -> None: ...

    def subscribe(self, topic: str) -> None: ...
    def unsubscribe(self, topic: str) -> None: ...
    def since(self, topic: str) -> float | None: ...
    async def confirmed(self, topics: Iterable[str]) -> bool:
        """Wait until the topics, subscribed before, are acknowledged. False when the link is down."""

    def publish(self, topic: str, message: bytes, *, keep: bool = False) -> None:
        """Keep: sent again until the broker has said that it has it. Receivers may then get it twice."""

    def tally(self, key: str, life_s: int, then: Callable[[int], None]) -> None:
        """Count one more; `then` gets the sum of all processes, soon. It is not called while the link is down."""

    def note(self, key: str, field: str, value: str, life_s: int) -> None: ...
    def erase(self, key: str, field: str) -> None: ...
    async def notes(self, keys: Sequence[str]) -> list[dict[str, str]] | None:
        """What was noted under each key; None when nobody can tell."""

    async def lease(self, name: str, life_s: int) -> bool:
        """Whether this process holds the name for so long; asking again prolongs it."""
