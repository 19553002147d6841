"""A process of clients: obeys one JSON order a line, `{"do": …, …}`, and answers each with one line of numbers.

python -m chaguan.bench.generator WORLD FIRST COUNT PORT plain|tls
"""

import gc
import json
import sys
from pathlib import Path

import msgspec

from chaguan.bench.clients import Clients, Lost
from chaguan.bench.workloads import Workloads
from chaguan.bench.world import World


def main() -> int:
    world_file, first, count, port, transport = sys.argv[1:]
    world = msgspec.json.decode(Path(world_file).read_bytes(), type=World)
    people = range(int(first), int(first) + int(count))
    clients = Clients(world, people, int(port), transport == "tls")
    workloads = Workloads(clients)
    gc.freeze()
    gc.disable()
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            numbers = getattr(workloads, order.pop("do"))(**order)
        except (Lost, TimeoutError, OSError) as error:
            numbers = {"failed": f"{type(error).__name__}: {error}", "faults": clients.faults}
        sys.stdout.write(msgspec.json.encode(numbers).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
