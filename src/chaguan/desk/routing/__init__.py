"""Who gets which case, as pure functions of plain data: nothing here reads, writes or knows the time."""

from chaguan.desk.routing.plan import plan, why_waiting
from chaguan.desk.routing.queues import Facts, choose_queue, loop_of
from chaguan.desk.routing.seats import Assign, Queued, has_room, serves

__all__ = [
    "Assign",
    "Facts",
    "Queued",
    "choose_queue",
    "has_room",
    "loop_of",
    "plan",
    "serves",
    "why_waiting",
]
