"""The command: makes a world, runs the stages, tells the figures as they come."""

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from chaguan.bench import figures, graph
from chaguan.bench.crew import WorkloadFailed
from chaguan.bench.figures import Figure
from chaguan.bench.processes import BenchFailed
from chaguan.bench.programs import NoCompiler
from chaguan.bench.sizes import FULL, QUICK, Scale
from chaguan.bench.stages import ON_REQUEST, STAGES, Bench
from chaguan.bench.world import make_world

WIDTH = 30
SEVERAL = "several nodes:"
Table = Mapping[str, tuple[Callable[[Any], Iterator[Figure]], tuple[str, ...]]]
"""Stages by name. What they are given differs: one machine's `Bench`, or a `Cluster`."""


def run(options: argparse.Namespace) -> int:
    if options.earlier:
        found = figures.read(options.earlier)
        print(figures.table(found), end="")
        _publish(found, None, options)
        return 0
    if options.keep and not options.json:
        print("chaguan bench: --keep needs --json, the file whose other figures are kept", file=sys.stderr)
        return 2
    if options.nodes is not None and not (options.database_url and options.redis_url):
        print("chaguan bench: --nodes needs --database-url and --redis-url", file=sys.stderr)
        return 2
    table = _table(options)
    stages = _chosen(options.only or [], table)
    if not stages:
        names = sorted({name for _, names in table.values() for name in names} | set(table))
        print(f"chaguan bench: --only takes one of {', '.join(names)}", file=sys.stderr)
        return 2
    with _temporary() as folder:
        found, failures = _run(folder, options, table, stages)
    if options.keep and options.json.exists():
        found = beside(figures.read(options.json), found, table)
    _publish(found, options.json, options)
    return 1 if failures else 0


def beside(earlier: list[Figure], found: list[Figure], table: Table) -> list[Figure]:
    """What was found now, and what other stages had found before, in the order of the stages."""
    measured = {_stage_of(figure) for figure in found}
    kept = [figure for figure in earlier if _stage_of(figure) not in measured]
    order = list(table)
    return sorted(
        [*kept, *found],
        key=lambda figure: order.index(_stage_of(figure)) if _stage_of(figure) in order else len(order),
    )


def _stage_of(figure: Figure) -> str:
    """Figures of former versions don't say."""
    transport = str(figure.parameters.get("transport", "plain"))
    if figure.stage or transport in STAGES:
        return figure.stage or transport
    stages = (stage for stage, (_, names) in STAGES.items() if figure.name.startswith((stage, *names)))
    return next(stages, "")


def _run(
    folder: Path, options: argparse.Namespace, table: Table, stages: list[str]
) -> tuple[list[Figure], int]:
    found: list[Figure] = []
    failures = 0
    progress = Progress(len(stages) + 1)
    try:
        with _prepared(folder, options, progress) as bench:
            for name in stages:
                progress.show(name)
                try:
                    for figure in _measured(table, bench, name):
                        found.append(figure)
                        progress.tell(figure)
                except (BenchFailed, WorkloadFailed, NoCompiler) as error:
                    failures += 1
                    progress.line(f"{name}: {error}")
                progress.step()
    finally:
        progress.end()
    return found, failures


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    """A folder that goes however the run ends: told to stop, it unwinds, and its processes are ended too."""
    folder = Path(tempfile.mkdtemp(prefix="chaguan-bench-"))
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        yield folder
    finally:
        signal.signal(signal.SIGTERM, before)
        shutil.rmtree(folder, ignore_errors=True)


def _table(options: argparse.Namespace) -> Table:
    if options.nodes is None:
        return STAGES
    from chaguan.bench import cluster_stages

    return cluster_stages.STAGES


def _publish(found: list[Figure], json: Path | None, options: argparse.Namespace) -> None:
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    if options.page:
        text = options.page.read_text(encoding="utf-8")
        if options.nodes is None:
            text = figures.into_page(text, found, graph.beside(options.page, found))
        else:
            text = figures.into_page(text, found, begin=figures.BEGIN_NODES)
        options.page.write_text(text, encoding="utf-8")


def _chosen(only: list[str], table: Table) -> list[str]:
    if not only:
        return [name for name in table if name not in ON_REQUEST]
    return [
        stage for stage, (_, names) in table.items() if stage in only or any(name in only for name in names)
    ]


@contextlib.contextmanager
def _prepared(folder: Path, options: argparse.Namespace, progress: "Progress") -> Iterator[Any]:
    """What the stages are given: the people of one machine, or the engines of several."""
    if options.nodes is None:
        bench = _prepare(folder, _stored(QUICK if options.quick else FULL, options), progress, options.quick)
        try:
            yield bench
        finally:
            bench.end_kept()
        return
    from chaguan.bench import cluster
    from chaguan.bench.cluster_engines import Engines

    engines = Engines(options.database_url, options.redis_url)
    scale = cluster.QUICK if options.quick else cluster.FULL
    scale = msgspec.structs.replace(scale, spine=_stored(scale.spine, options))
    opened = cluster.Cluster(folder, engines, scale, tuple(options.nodes or (1, 2, 3)), progress.line)
    progress.step()
    try:
        yield opened
    finally:
        opened.close()


def _stored(scale: Scale, options: argparse.Namespace) -> Scale:
    if not options.stored:
        return scale
    return msgspec.structs.replace(scale, stored=tuple(sorted(options.stored)))


def _prepare(folder: Path, scale: Scale, progress: "Progress", keeps_server: bool) -> Bench:
    progress.show("people")
    world = asyncio.run(make_world(folder / "data", max(scale.sessions, 2 * scale.pairs), scale.pairs))
    shutil.copytree(folder / "data", folder / "untouched")
    (folder / "world.json").write_bytes(msgspec.json.encode(world))
    progress.step()
    return Bench(folder, world, scale, progress.line, keeps_server)


def _measured(table: Table, bench: Any, stage: str) -> Iterator[Figure]:
    machine = figures.machine()
    for figure in table[stage][0](bench):
        figure.machine, figure.stage = machine, stage if table is STAGES else f"{SEVERAL} {stage}"
        yield figure


class Progress:
    """A bar on the terminal's last line; the figures scroll above it. Plain lines where there is no terminal."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._label = ""
        self._begun = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def show(self, label: str) -> None:
        self._label = label
        self._draw()

    def step(self) -> None:
        self._done += 1
        self._draw()

    def line(self, text: str) -> None:
        self._clear()
        print(text, flush=True)
        self._draw()

    def tell(self, figure: Figure) -> None:
        limit = "" if figure.limit is None else f"   limit {figures.number(figure.limit)}"
        ratio = "" if figure.ratio is None else f"   ratio {figure.ratio:.2f}"
        target = figures.target_of(figure)
        verdict = "" if target is None else f"   {'met' if target.is_met(figure) else target.miss(figure)}"
        details = ", ".join(
            f"{name}={value}" for name, value in figure.parameters.items() if name != "limits_raised"
        )
        self.line(f"{figure.name:<18}{figures.number(figure.value):>9} {figure.unit}{limit}{ratio}{verdict}")
        self.line(f"{'':<18}{details}")

    def end(self) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _draw(self) -> None:
        if self._is_terminal:
            filled = WIDTH * self._done // self._steps
            seconds = time.monotonic() - self._begun
            bar = "█" * filled + "·" * (WIDTH - filled)
            print(f"\r\033[K{bar} {self._label}  {seconds:.0f} s", end="", file=sys.stderr, flush=True)
