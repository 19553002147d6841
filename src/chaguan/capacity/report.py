"""A plan as people and programs read it."""

import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from chaguan.bench.figures import number
from chaguan.capacity.demand import Demand
from chaguan.capacity.measured import MISSING, Measured
from chaguan.capacity.plan import Need, Plan

WIDTH = 100
UNKNOWN = "not known"


def as_text(demand: Demand, cost: Measured, plan: Plan) -> str:
    return "\n".join(_lines(demand, cost, plan)) + "\n"


def _lines(demand: Demand, cost: Measured, plan: Plan) -> Iterator[str]:
    yield f"Figures of: {cost.machine or 'an unnamed machine'}"
    for group in plan.groups:
        yield ""
        yield group.title.capitalize()
        for need in group.needs:
            yield from _need(need)
    yield ""
    yield "Assumptions (each an option)"
    for field in msgspec.structs.fields(Demand):
        name = "--" + field.name.replace("_", "-")
        yield f"  {name:<20} {assumed(demand, cost, field.name)}"
    for note in plan.notes:
        yield ""
        yield from textwrap.wrap(f"Note: {note}.", WIDTH)
    if plan.missing:
        yield ""
        yield "Figures that are missing, and what measures them"
        for name in plan.missing:
            what, command = MISSING[name]
            yield f"  {what}"
            yield f"      {command}"


def assumed(demand: Demand, cost: Measured, name: str) -> str:
    value = getattr(demand, name)
    if name == "message_bytes" and not value:
        return f"{number(cost.message_bytes)} (as measured)" if cost.message_bytes else "as measured"
    return value if isinstance(value, str) else f"{value:,}"


def _need(need: Need) -> Iterator[str]:
    value = UNKNOWN if need.value is None else figure(need)
    because = f"[{need.decided_by}] {need.because}" if need.decided_by else need.because
    yield f"  {need.name.replace('_', ' '):<26}{value:>12} {need.unit:<8} {because}".rstrip()
    for bound in need.bounds:
        amount = UNKNOWN if bound.amount is None else f"{bound.amount:,.2f}"
        mark = "→" if bound.of == need.decided_by else " "
        yield f"    {mark} {bound.of:<22}{amount:>12}          {bound.because}".rstrip()
    if need.missing:
        yield f"      incomplete without {', '.join(need.missing)}"


def figure(need: Need) -> str:
    value = need.value or 0.0
    return f"{value:,.0f}" if value == int(value) else number(value)


def as_json(demand: Demand, cost: Measured, plan: Plan) -> str:
    document: dict[str, Any] = {
        "demand": demand,
        "measured": cost,
        "groups": {group.title: {need.name: need for need in group.needs} for group in plan.groups},
        "notes": plan.notes,
        "missing": [
            {"cost": name, "what": MISSING[name][0], "command": MISSING[name][1]} for name in plan.missing
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"
