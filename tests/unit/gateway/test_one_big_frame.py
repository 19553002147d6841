"""A single answer beyond the bound of what may wait: the session goes on reading once it has left."""

from chaguan.gateway.outbox import Outbox, Outflow


class Wire:
    """A transport that takes everything at once, or nothing until it is writable again."""

    def __init__(self, *, is_fast: bool) -> None:
        self.is_fast = is_fast
        self.is_reading = True
        self.written = b""

    def write(self, data: bytes) -> bool:
        self.written += data
        return self.is_fast

    def buffered(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


def outbox(wire: Wire, turns: list) -> Outbox:
    return Outbox(wire, Outflow(turns.append), 10)  # type: ignore[arg-type]


def test_who_gets_an_answer_beyond_the_bound_is_read_again_once_it_has_left():
    wire, turns = Wire(is_fast=True), []
    box = outbox(wire, turns)
    box.send(b"x" * 100)
    box.read_or_pause()  # as after each command
    assert not wire.is_reading
    turns.pop()()
    assert wire.written == b"x" * 100
    assert wire.is_reading
    assert box.waiting() == 0


def test_a_slow_reader_of_such_an_answer_is_read_again_only_when_it_has_drained():
    wire, turns = Wire(is_fast=False), []
    box = outbox(wire, turns)
    box.send(b"x" * 100)
    box.read_or_pause()
    turns.pop()()
    assert not wire.is_reading
    box.on_writable()
    assert wire.is_reading
