"""`python unprivileged.py PROGRAM ARGUMENT…`: becomes PROGRAM, never as root, and never outlives who started it.

PostgreSQL refuses to run as root. In a user namespace of its own it is somebody else there while its files stay those
of the user who started it; where the kernel forbids that, it becomes `nobody`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

NEW_USER = 0x10000000
SET_DEATH_SIGNAL = 1
INSIDE = 1000
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace() -> bool:
    """Be user 1000 in a namespace of one's own; false where that is not allowed."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(NEW_USER) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INSIDE} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{INSIDE} {gid} 1")
    except OSError:
        return False
    return os.geteuid() == INSIDE


def can_enter_namespace() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0 if enter_namespace() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(command: list[str]) -> None:
    if os.geteuid() == 0:
        if can_enter_namespace():
            enter_namespace()
        else:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    # Last, because a change of user forgets it: when the starter dies, PostgreSQL stops at once.
    _libc.prctl(SET_DEATH_SIGNAL, signal.SIGQUIT, 0, 0, 0)
    os.execv(command[0], command)  # noqa: S606  the point of this program


if __name__ == "__main__":
    main(sys.argv[1:])
