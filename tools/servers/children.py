"""Starting programs that never outlive this process, however it ends: kill -9 too.

The kernel's signal at the death of a parent is bound to the thread that started the child. So one thread starts all of
them, and it lives as long as the process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SET_DEATH_SIGNAL = 1

_starter = ThreadPoolExecutor(1, thread_name_prefix="children")


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """As `Popen`, with its options. The program is killed when this process is gone."""
    return start_as_is([sys.executable, "-IS", __file__, str(os.getpid()), *command], **options)


def start_as_is(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """The same for a program that asks for its death signal itself."""
    return _starter.submit(lambda: subprocess.Popen(list(command), **options)).result()


def become(parent: int, command: list[str]) -> None:
    """Be `command`, in this very process."""
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be asked for
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  the point of this program


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
