"""The state machines as the documents show them: a picture and a table of each, made from the tables that decide.

A page has `<!-- generated: machine NAME -->` … `<!-- end -->`; what stands between is written from here.
"""

import re
from typing import Any

from chaguan.commerce.machine import Machine
from chaguan.commerce.states import MACHINES

AnyMachine = Machine[Any, Any]

_MARKED = re.compile(r"(<!-- generated: machine (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BY_NAME = {each.name: each for each in MACHINES}


def filled(page: str) -> str:
    """The page with every machine drawn anew."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{_section(_BY_NAME[found[2]])}\n{found[3]}", page)


def _section(machine: AnyMachine) -> str:
    arrows = [f"  {source} --> {target}: {name}" for name, source, _, target in machine.moves]
    picture = ["```mermaid", "stateDiagram-v2", f"  [*] --> {machine.first}", *arrows, "```"]
    moves = [
        f"| {name} | `{source}` | `{event}` | `{target}` |" for name, source, event, target in machine.moves
    ]
    late = [f"| – | `{state}` | `{event}` | – |" for state, event in sorted(machine.late)]
    return "\n".join([*picture, "", "| change | from | event | to |", "|---|---|---|---|", *moves, *late, ""])
