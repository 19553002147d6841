"""A state machine that is a table: what may become of a thing, each change by its name. The documents' pictures are drawn
from the same tables."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

from chaguan.core.errors import AppError, ErrorCode

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class Machine(Generic[S, E]):
    """`moves`: (name, from, event, to). `late`: events that change nothing in a state, as they are told again or were
    overtaken. Whatever stands in neither is refused."""

    def __init__(
        self,
        name: str,
        first: S,
        moves: Sequence[tuple[str, S, E, S]],
        late: Mapping[S, Sequence[E]],
    ) -> None:
        self.name = name
        self.first = first
        self.moves = tuple(moves)
        self.late = frozenset((state, event) for state, events in late.items() for event in events)
        self._targets = {(source, event): target for _, source, event, target in moves}
        if len(self._targets) < len(self.moves) or self.late & self._targets.keys():
            raise ValueError(f"{name}: an event leads to two places")

    def allows(self, state: S, event: E) -> bool:
        """Whether the event would change something."""
        return (state, event) in self._targets

    def after(self, state: S, event: E) -> S:
        """The state that follows, the same one for a late event. `conflict` for what can't happen."""
        target = self._targets.get((state, event))
        if target is not None:
            return target
        if (state, event) in self.late:
            return state
        raise AppError(
            ErrorCode.conflict,
            f"{self.name}: no {event.value} of what is {state.value}",
            reason="not_now",
            state=state.value,
        )
