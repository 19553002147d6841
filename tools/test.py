"""Runs the Python tests, then the TypeScript tests, and says at the end which failed.

Arguments go to pytest and leave the TypeScript tests out; `--soak` runs the long forms instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.browser_env import LAUNCHER, SOURCE
from tools.node_env import node_path
from tools.steps import ROOT, VENV


@dataclass(frozen=True)
class Part:
    title: str
    command: tuple[str, ...]
    cwd: Path = ROOT


def parts(arguments: list[str]) -> Iterator[Part]:
    pytest = (str(VENV / "bin" / "python"), "-m", "pytest")
    if "--soak" in arguments:
        rest = [argument for argument in arguments if argument != "--soak"]
        yield Part("Python tests, long form", (*pytest, "-m", "soak", "--timeout", "0", *rest))
        return
    if arguments:
        yield Part("Python tests", (*pytest, "-m", "not soak", *arguments))
    else:
        # A file's tests share servers, so a file stays with one process. On two cores this takes about a third off. In
        # their own order the many small files of tests/unit come last, and neither process waits long for the other.
        side_by_side = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
        yield Part("Python tests", (*pytest, "-m", "not soak", *side_by_side))
        yield Part("TypeScript tests", ("npm", "run", "-s", "test"), ROOT / "clients")


def environment() -> dict[str, str]:
    env = {**os.environ, "PATH": node_path()}
    env.setdefault("CHAGUAN_CHROMIUM", str(LAUNCHER))
    if env.get("CI"):
        env["NO_COLOR"] = "1"
        # vitest and its colour library would otherwise take FORCE_COLOR from a runner that sets it.
        env.pop("FORCE_COLOR", None)
    return env


def main(arguments: list[str]) -> int:
    if SOURCE.exists():
        print(SOURCE.read_text().strip())
    failed = []
    for part in parts(arguments):
        print(f"\n── {part.title} ──", flush=True)
        started = time.monotonic()
        code = subprocess.run(part.command, cwd=part.cwd, env=environment(), check=False).returncode
        print(
            f"── {part.title}: {'failed' if code else 'ok'} in {time.monotonic() - started:.0f} s", flush=True
        )
        if code:
            failed.append(part.title)
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
