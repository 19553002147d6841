"""Makes this folder ready for one goal: `python -m tools.setup run|test|check|bench|wechat|lock`.

Standard library only, no question, no root, nothing outside this folder but the package managers' own caches.
Each step remembers a hash of its inputs, so that a second run does nothing.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tools.browser_env import ensure_browser
from tools.node_env import ensure_node, ensure_node_modules, ensure_web
from tools.python_env import ensure_packages, ensure_project, ensure_venv
from tools.steps import CACHE, StepFailed
from tools.wechat_env import ensure_wechat


def _server() -> None:
    ensure_packages("server")


def _dev() -> None:
    ensure_packages("dev")


def _lock() -> None:
    ensure_packages("lock")
    # Only npm itself: the lock files may be what is wrong.
    ensure_node()


GOALS: dict[str, list[Callable[[], None]]] = {
    "run": [ensure_venv, _server, ensure_project, ensure_web],
    "test": [ensure_venv, _dev, ensure_project, ensure_node_modules, ensure_web, ensure_browser],
    "check": [ensure_venv, _dev, ensure_project, ensure_node_modules, ensure_web],
    "bench": [ensure_venv, _server, ensure_project],
    "wechat": [ensure_venv, ensure_node_modules, ensure_web, ensure_wechat],
    "lock": [ensure_venv, _lock],
}


@contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time: `make run` and `make test` started together must not share a half-made folder."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  Waiting for another set-up in this folder …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in GOALS:
        print(f"usage: python -m tools.setup {'|'.join(GOALS)}", file=sys.stderr)
        return 2
    try:
        with _alone():
            for step in GOALS[arguments[0]]:
                step()
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
