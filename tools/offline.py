"""`python -m tools.offline PROGRAM ARGUMENT…`: becomes PROGRAM in a network of its own that has nothing but loopback.

So `make test OFFLINE=1` shows that the tests need no network. Root keeps its user; everybody else stays who they are in
a user namespace of their own.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

NEW_USER = 0x10000000
NEW_NET = 0x40000000
GET_FLAGS, SET_FLAGS = 0x8913, 0x8914
UP = 1
OUTSIDE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737)."""

_libc = ctypes.CDLL(None, use_errno=True)


class NoNamespace(Exception):
    """The machine doesn't let us; the text says what."""


def enter() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(NEW_NET if uid == 0 else NEW_NET | NEW_USER) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NoNamespace(f"this machine allows no network namespace ({why}); unplug it instead")
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _raise_loopback()
    if has_way_out():
        raise NoNamespace("there is still a way out")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, GET_FLAGS, asked))[1]
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))


def has_way_out() -> bool:
    """Whether there is a route to the rest of the world; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(OUTSIDE)
        except OSError:
            return False
        return True


def main(command: list[str]) -> None:
    try:
        enter()
    except (NoNamespace, OSError) as error:
        sys.exit(f"offline: {error}")
    os.execvp(command[0], command)  # noqa: S606  the point of this program


if __name__ == "__main__":
    main(sys.argv[1:])
