"""Puts what several processes say of one conversation into the order of its log before sessions see it."""

from collections.abc import Callable, Iterator

from msgspec import Struct

Line = tuple[str, str]
"""A topic and a conversation: the entries of a direct conversation travel on the topics of its two users."""


class Said(Struct, array_like=True, tag=0, gc=False):
    """One entry. `user_id` is who joined or left by it; an empty frame is shown to nobody (large groups)."""

    conversation_id: str
    seq: int
    frame: bytes = b""
    ordinal: int = 0
    created_at: int = 0
    is_text: bool = False
    """A new message of text, which may be remembered as it was pushed."""
    joined: str = ""
    left: str = ""


class Order:
    """`forward` gets the entries of each line once, without holes from the first known seq on. What comes too early
    waits, and `on_hole` is told when the first of a line begins to."""

    def __init__(self, forward: Callable[[str, Said], None], on_hole: Callable[[Line], None]) -> None:
        self._forward = forward
        self._on_hole = on_hole
        self._last: dict[str, dict[str, int]] = {}
        self._early: dict[Line, dict[int, Said]] = {}

    def last(self, topic: str, conversation_id: str) -> int | None:
        of_topic = self._last.get(topic)
        return of_topic.get(conversation_id) if of_topic else None

    def begin(self, topic: str, conversation_id: str, seq: int) -> None:
        """All up to `seq` is known to those who listen, or of no interest to them."""
        last = self.last(topic, conversation_id)
        if last is None or last < seq:
            self._last.setdefault(topic, {})[conversation_id] = seq
        self._go_on((topic, conversation_id))

    def offer(self, topic: str, said: Said) -> None:
        of_topic = self._last.get(topic)
        if of_topic is None:
            of_topic = self._last[topic] = {}
        last = of_topic.get(said.conversation_id)
        if last is None or said.seq == last + 1:
            of_topic[said.conversation_id] = said.seq
            self._forward(topic, said)
            if self._early:
                self._go_on((topic, said.conversation_id))
        elif said.seq > last:
            self._wait((topic, said.conversation_id), said)

    def _wait(self, line: Line, said: Said) -> None:
        early = self._early.get(line)
        if early is None:
            early = self._early[line] = {}
            self._on_hole(line)
        early[said.seq] = said

    def _go_on(self, line: Line) -> None:
        early = self._early.get(line)
        if early is None:
            return
        of_topic = self._last[line[0]]
        while (said := early.pop(of_topic[line[1]] + 1, None)) is not None:
            of_topic[line[1]] = said.seq
            self._forward(line[0], said)
        for seq in [seq for seq in early if seq <= of_topic[line[1]]]:
            del early[seq]
        if not early:
            del self._early[line]

    def is_waiting(self, line: Line) -> bool:
        return line in self._early

    def forget(self, topic: str) -> None:
        for conversation_id in self._last.pop(topic, ()):
            self._early.pop((topic, conversation_id), None)

    def lines(self) -> Iterator[Line]:
        for topic, of_topic in self._last.items():
            for conversation_id in of_topic:
                yield topic, conversation_id
