"""A process of clients: obeys one JSON order a line, `{"do": …, …}`, and answers each with one line of numbers. While
there is no order, its clients' hearts beat and what arrives is read.

python -m chaguan.bench.generator WORLD FIRST COUNT PORT[,PORT…] plain|tls
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from chaguan.bench.clients import Clients, Lost
from chaguan.bench.desk_load import DeskLoad
from chaguan.bench.loads import Loads
from chaguan.bench.orders import Orders
from chaguan.bench.restless import Restless
from chaguan.bench.world import World

WAIT_S = 0.02


def main() -> int:
    world_file, first, count, ports, transport = sys.argv[1:]
    world = msgspec.json.decode(Path(world_file).read_bytes(), type=World)
    people = range(int(first), int(first) + int(count))
    clients = Clients(world, people, [int(port) for port in ports.split(",")], transport == "tls")
    orders = Orders(sys.stdin.fileno())
    players = Restless(clients, orders.is_there), DeskLoad(clients), Loads(clients)
    gc.freeze()
    gc.disable()
    print("{}", flush=True)
    for line in _orders(orders, lambda: _wait(clients)):
        order = json.loads(line)
        what = order.pop("do")
        try:
            numbers = getattr(next(each for each in players if hasattr(each, what)), what)(**order)
        except (Lost, TimeoutError, OSError) as error:
            numbers = {"failed": f"{type(error).__name__}: {error}", "faults": clients.faults}
        sys.stdout.write(msgspec.json.encode(numbers).decode() + "\n")
        sys.stdout.flush()
    return 0


def _orders(orders: Orders, wait: Callable[[], None]) -> Iterator[bytes]:
    while not orders.are_over:
        if orders.is_there():
            yield orders.take()
        else:
            wait()


def _wait(clients: Clients) -> None:
    try:
        clients.turn(WAIT_S)
    except Lost:
        clients.close_all(keep_tickets=True)
        clients.faults += 1


if __name__ == "__main__":
    sys.exit(main())
