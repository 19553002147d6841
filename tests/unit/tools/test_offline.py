"""`make test OFFLINE=1`: a way out that stays open would show tests as needing no network which do."""

import subprocess
import sys

import pytest

from tools import offline

PROBE = """
import socket
from tools.offline import has_way_out
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 5).close()
print([name for _, name in socket.if_nameindex()], has_way_out())
"""


def test_a_program_that_is_started_offline_reaches_itself_and_nobody_else() -> None:
    command = [sys.executable, "-m", "tools.offline", sys.executable, "-c", PROBE]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "allows no network namespace" in found.stderr:
        pytest.skip(found.stderr.strip())
    assert found.stdout.strip() == "['lo'] False", found.stderr


def test_a_network_that_is_still_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        @staticmethod
        def unshare(_flags: int) -> int:
            return 0

    monkeypatch.setattr(offline, "_libc", Library)
    monkeypatch.setattr(offline.os, "geteuid", lambda: 0)
    monkeypatch.setattr(offline, "_raise_loopback", lambda: None)
    monkeypatch.setattr(offline, "has_way_out", lambda: True)
    monkeypatch.setattr(offline.os, "execvp", lambda *_: pytest.fail("started with a way out"))
    with pytest.raises(SystemExit, match="a way out"):
        offline.main(["true"])
