"""Runs every check and says at the end which failed; `--fix` lets those that can repair first."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.steps import ROOT, VENV, environment

CLIENTS = ROOT / "clients"


@dataclass(frozen=True)
class Check:
    title: str
    command: tuple[str, ...]
    fix: tuple[str, ...] = ()
    cwd: Path = ROOT


def _python(*arguments: str) -> tuple[str, ...]:
    return (str(VENV / "bin" / "python"), "-m", *arguments)


def checks() -> Iterator[Check]:
    yield Check("ruff check", _python("ruff", "check", "."), _python("ruff", "check", "--fix", "."))
    yield Check("ruff format", _python("ruff", "format", "--check", "."), _python("ruff", "format", "."))
    yield Check("mypy --strict", _python("mypy", "-p", "chaguan", "-p", "tools"))
    yield Check("imports point down", (str(VENV / "bin" / "lint-imports"),))
    yield Check("repository rules", _python("tools.check_tree"))
    if (ROOT / "src" / "chaguan" / "cli.py").exists():
        yield Check("schema and types", (str(VENV / "bin" / "chaguan"), "schema", "--check"))
    yield Check("eslint", ("npm", "run", "-s", "lint"), ("npm", "run", "-s", "lint:fix"), CLIENTS)
    yield Check("prettier", ("npm", "run", "-s", "format:check"), ("npm", "run", "-s", "format"), CLIENTS)
    yield Check("TypeScript", ("npm", "run", "-s", "check"), cwd=CLIENTS)


def _run(check: Check, command: tuple[str, ...]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=check.cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"  {check.title:<20} {verdict:<6} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print("\n" + done.stdout.rstrip() + "\n", flush=True)
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    fixing = arguments == ["--fix"]
    if arguments and not fixing:
        print("usage: python -m tools.check [--fix]", file=sys.stderr)
        return 2
    chosen = [check for check in checks() if check.fix or not fixing]
    failed = [check.title for check in chosen if not _run(check, check.fix if fixing else check.command)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}. `make format` repairs what a formatter can.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
