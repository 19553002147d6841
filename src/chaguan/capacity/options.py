"""The options of `chaguan capacity`, apart from it: every command of the command line loads them."""

import argparse
import os
import resource
from pathlib import Path

import msgspec

from chaguan.capacity.demand import Demand

WITHOUT_LIMIT = 1_048_576
_HELP = {
    "online": "sessions at the same time in the busiest hour",
    "messages_per_day": "messages that people write in a day",
    "groups": "groups in use",
    "group_size": "members of a group, on average of what is said in groups",
    "group_share": "share of the messages that are said in groups",
    "online_share": "share of all users, and of a group's members, online in the busiest hour",
    "peak_factor": "messages a second at the peak ÷ on the day's average",
    "message_bytes": "content of a message as JSON; 0: as the bench says it",
    "media_share": "share of the messages with a picture, a voice note or a file",
    "media_bytes": "bytes of one of these",
    "retention_days": "how long messages and media are kept",
    "transport": "plain (TLS ends elsewhere), tls (in the nodes), edge (Caddy on the nodes)",
    "headroom": "share of each machine that stays free at the peak",
    "spare": "nodes that may be gone at the peak",
    "back_within_s": "seconds in which a lost node's sessions are to be back",
    "cores": "cores of a node; without it, this machine's",
    "memory_gib": "memory of a node; without it, this machine's",
    "descriptors": "open files of a process; without it, this machine's limit",
    "kernel_kib": "the kernel's memory for a connection",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    for field in msgspec.structs.fields(Demand):
        default = _of_this_machine().get(field.name, field.default)
        is_required = field.default is msgspec.NODEFAULT
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=field.type,
            metavar="TEXT" if field.type is str else "N",
            default=None if is_required else default,
            help=_HELP[field.name] + ("" if is_required else f" (default: {default})"),
        )
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FILE",
        help="what `chaguan bench --json` wrote (default: figures.json)",
    )
    parser.add_argument(
        "--measure", action="store_true", help="run `chaguan bench --quick` first, and take its figures"
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the plan as JSON")
    parser.add_argument(
        "--page",
        type=Path,
        action="append",
        metavar="FILE",
        help="put a table from ten thousand to ten million online into this page; may be repeated",
    )


def _of_this_machine() -> dict[str, float]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "descriptors": descriptors if descriptors > 0 else WITHOUT_LIMIT,
    }
