"""Measure the edge against the raw limit of the machine, in one run, interleaved.

python -m bench.edge.run [--quick] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import trustme

from chaguan.bench.programs import NoCompiler, compiled

FRAME = 132
QUIET_S = 4
HEARTBEAT_S = 30


class Child:
    """A process that answers lines with lines."""

    def __init__(self, *arguments: str, core: int) -> None:
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core % (os.cpu_count() or 1)}),
        )

    def hear(self) -> str:
        line = _pipe(self._process.stdout).readline().strip()
        if not line:
            raise RuntimeError(f"{self._process.args} ended")
        return line

    def ask(self, line: str) -> str:
        _pipe(self._process.stdin).write(line + "\n")
        _pipe(self._process.stdin).flush()
        return self.hear()

    def end(self) -> None:
        _pipe(self._process.stdin).close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _pipe(pipe: "IO[str] | None") -> "IO[str]":
    assert pipe is not None
    return pipe


class Edge:
    def __init__(self, *options: str) -> None:
        self.child = Child(sys.executable, "-m", "bench.edge.server", *options, core=0)
        self.port = json.loads(self.child.hear())["port"]

    def do(self, what: str, **order: Any) -> dict[str, Any]:
        figures: dict[str, Any] = json.loads(self.child.ask(json.dumps({"do": what, **order})))
        return figures


@contextmanager
def swarm(
    port: int, count: int, kind: str, window: int = 256, silent: int = 0
) -> Iterator[tuple[Child, float]]:
    child = Child(str(compiled("swarm")), str(port), str(count), kind, str(silent), str(window), core=1)
    try:
        yield child, float(child.hear().split()[1])
    finally:
        child.end()


@contextmanager
def edge(*options: str) -> Iterator[Edge]:
    server = Edge(*options)
    try:
        yield server
    finally:
        server.child.end()


@contextmanager
def raw_sender(count: int, rounds: int) -> Iterator[tuple[Child, int]]:
    child = Child(str(compiled("raw_send")), str(count), str(FRAME), str(rounds), core=0)
    try:
        yield child, int(child.hear().split()[1])
    finally:
        child.end()


def idle(count: int, *options: str) -> list[dict[str, Any]]:
    with edge("--topics", "20", *options) as server:
        before = server.do("memory")
        with swarm(server.port, count, "ws") as (clients, seconds):
            after = server.do("memory")
            begun = server.do("cpu")
            time.sleep(QUIET_S)
            quiet = server.do("cpu")
            heard = int(clients.ask("beat").split()[3])
            while int(clients.ask("?").split()[3]) < heard + count:
                time.sleep(0.05)
            beaten = server.do("cpu")
    per_second = (quiet["cpu"] - begun["cpu"]) / QUIET_S + (beaten["cpu"] - quiet["cpu"]) / HEARTBEAT_S
    shape = {"sessions": count, "topics": "20 of one's own" if options else "18 shared by 100"}
    return [
        _figure("idle_memory", (after["pss"] - before["pss"]) / count, "KiB/session", **shape),
        _figure("idle_cpu", per_second / count * 1e6, "us/s per session", **shape),
        _figure("full_collection", after["collection_ms"] - before["collection_ms"], "ms", **shape),
        _figure(
            "connect_and_hello",
            count / seconds,
            "1/s",
            per_cpu_s=count / (after["cpu"] - before["cpu"]),
            **shape,
        ),
    ]


def idle_tls(count: int, kind: str) -> list[dict[str, Any]]:
    """Own memory layer, own certificate; the clients come one after the other, so the rate is of one of them."""
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        authority.issue_cert(
            "127.0.0.1", key_type=trustme.KeyType.ECDSA
        ).private_key_and_cert_chain_pem.write_to_path(f"{folder}/both.pem")
        with edge("--certificate", f"{folder}/both.pem", "--key", f"{folder}/both.pem") as server:
            before = server.do("memory")
            arguments = ("-m", "bench.edge.tls_swarm", str(server.port), str(count), f"{folder}/ca.pem", kind)
            child = Child(sys.executable, *arguments, core=1)
            child.hear()
            after = server.do("memory")
            child.end()
    spent = (after["cpu"] - before["cpu"]) / count * 1e6
    size = (after["pss"] - before["pss"]) / count
    return [
        _figure("idle_memory_tls", size, "KiB/session", sessions=count, handshake=kind, server_cpu_us=spent)
    ]


def fan_out(count: int, turns: int, rounds: int) -> dict[str, Any]:
    """One write per delivery, ours and raw by turns; the median of the ratios."""
    ratios, ours, raws = [], [], []
    with (
        edge() as server,
        raw_sender(count, rounds) as (raw, raw_port),
        swarm(server.port, count, "ws"),
        swarm(raw_port, count, "raw"),
    ):
        for _ in range(turns):
            words = raw.ask("go").split()
            raws.append(float(words[1]) / float(words[3]))
            figures = server.do("fan_out", rounds=rounds, size=FRAME)
            ours.append(figures["deliveries"] / figures["cpu"])
            ratios.append(ours[-1] / raws[-1])
    return _figure(
        "fanout_unmerged",
        statistics.median(ours),
        "deliveries per CPU second",
        limit=statistics.median(raws),
        ratio=statistics.median(ratios),
        sessions=count,
    )


def merged(count: int, per_second: int, seconds: float, silent: int = 0) -> dict[str, Any]:
    """A busy room; `silent` of its sessions never read."""
    with edge("--merged") as server, swarm(server.port, count, "ws", silent=silent) as (clients, _):
        before = server.do("memory")["rss"]
        start = int(clients.ask("?").split()[1])
        figures = server.do("merged", per_second=per_second, seconds=seconds, size=FRAME)
        received = int(clients.ask("?").split()[1]) - start
        grown = server.do("memory")["rss"] - before
    return _figure(
        "fanout_merged",
        figures["deliveries"] / figures["wall"],
        "deliveries/s",
        sessions=count,
        offered_per_s=per_second,
        longest_sweep_s=figures["longest_sweep"],
        cpu_share=figures["cpu"] / figures["wall"],
        silent=silent,
        dropped=figures["dropped"],
        grown_mib=grown / 1024,
        received_mib=received / 2**20,
    )


def _figure(name: str, value: float, unit: str, **rest: Any) -> dict[str, Any]:
    figure = {"name": name, "value": value, "unit": unit, **rest}
    print(
        json.dumps({key: round(item, 3) if isinstance(item, float) else item for key, item in figure.items()})
    )
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=argparse.FileType("w"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    many = 2_000 if options.quick else 10_000
    parts = {
        "idle": lambda: [*idle(many), *idle(many, "--private")],
        "tls": lambda: [*idle_tls(2_000, "full"), *idle_tls(2_000, "resumed")],
        "fan_out": lambda: [fan_out(1_000, 5, 20), fan_out(many, 5, 3)],
        "merged": lambda: [merged(many, rate, 4) for rate in (40, 100, 200)],
        "slow": lambda: [merged(many, 400, 8, silent) for silent in (0, many // 100)],
    }
    figures: list[dict[str, Any]] = []
    try:
        for name, part in parts.items():
            if options.only in ("", name):
                figures += part()
    except NoCompiler as missing:
        sys.exit(str(missing))
    if options.json:
        json.dump(figures, options.json, indent=1)


if __name__ == "__main__":
    main()
