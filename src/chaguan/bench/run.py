"""The command: makes a world, runs the stages, tells the figures as they come."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chaguan.bench import figures
from chaguan.bench.figures import Figure
from chaguan.bench.processes import BenchFailed
from chaguan.bench.programs import NoCompiler
from chaguan.bench.stages import FULL, QUICK, STAGES, Bench, WorkloadFailed
from chaguan.bench.world import make_world

WIDTH = 30


def run(options: argparse.Namespace) -> int:
    if options.earlier:
        found = figures.read(options.earlier)
        print(figures.table(found), end="")
        _publish(found, None, options.page)
        return 0
    stages = _chosen(options.only or [])
    if not stages:
        names = sorted({name for _, names in STAGES.values() for name in names} | set(STAGES))
        print(f"chaguan bench: --only takes one of {', '.join(names)}", file=sys.stderr)
        return 2
    found = []
    failures = 0
    folder = Path(tempfile.mkdtemp(prefix="chaguan-bench-"))
    progress = Progress(len(stages) + 1)
    try:
        bench = _prepare(folder, options.quick, progress)
        for name in stages:
            progress.show(name)
            try:
                for figure in _measured(bench, name):
                    found.append(figure)
                    progress.tell(figure)
            except (BenchFailed, WorkloadFailed, NoCompiler) as error:
                failures += 1
                progress.line(f"{name}: {error}")
            progress.step()
    finally:
        progress.end()
        shutil.rmtree(folder, ignore_errors=True)
    _publish(found, options.json, options.page)
    return 1 if failures else 0


def _publish(found: list[Figure], json: Path | None, page: Path | None) -> None:
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    if page:
        page.write_text(figures.into_page(page.read_text(encoding="utf-8"), found), encoding="utf-8")


def _chosen(only: list[str]) -> list[str]:
    if not only:
        return list(STAGES)
    return [
        stage for stage, (_, names) in STAGES.items() if stage in only or any(name in only for name in names)
    ]


def _prepare(folder: Path, is_quick: bool, progress: "Progress") -> Bench:
    progress.show("people")
    scale = QUICK if is_quick else FULL
    world = asyncio.run(make_world(folder / "data", max(scale.sessions, 2 * scale.pairs), scale.pairs))
    (folder / "world.json").write_bytes(msgspec.json.encode(world))
    progress.step()
    return Bench(folder, world, scale, progress.line)


def _measured(bench: Bench, stage: str) -> Iterator[Figure]:
    machine = figures.machine()
    for figure in STAGES[stage][0](bench):
        figure.machine = machine
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
