"""Lines from a descriptor, for a loop that has other things to do than to wait for them."""

import os
import select

_AT_ONCE = 65_536


class Orders:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read = b""
        self._is_ended = False

    @property
    def are_over(self) -> bool:
        return self._is_ended and b"\n" not in self._read

    def is_there(self) -> bool:
        """Whether a whole line waits; nobody is kept waiting for it."""
        while b"\n" not in self._read and not self._is_ended:
            if not select.select([self._descriptor], [], [], 0)[0]:
                return False
            data = os.read(self._descriptor, _AT_ONCE)
            self._is_ended = not data
            self._read += data
        return b"\n" in self._read

    def take(self) -> bytes:
        line, _, self._read = self._read.partition(b"\n")
        return line
