"""What a run of the tests starts ends with it, also when the run is killed -9."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tools.servers import children

ROOT = Path(__file__).parents[2]
RUN = """
import sys, time
from pathlib import Path
from tests.e2e.process import Served
from tools.servers.postgres import PostgresServer
from tools.servers.s3 import S3Server
from tools.servers.valkey import Valkey
import asyncio
folder = Path(sys.argv[1])
valkey = Valkey(folder / "valkey")
valkey.start()
served = Served(folder / "data")
asyncio.run(served.start())
pids = [valkey.process.pid, S3Server(folder / "s3").start().process.pid, served.pid]
pids.append(PostgresServer(folder / "postgres").start().pid)
print(*pids, flush=True)
time.sleep(60)
"""


def is_there(pid: int) -> bool:
    """A zombie is not: whoever inherits it has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_servers_of_a_run_that_is_killed_are_gone_after_it(tmp_path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        pids = [int(pid) for pid in running.stdout.readline().split()]
        try:
            assert len(pids) == 4 and all(map(is_there, pids))
        finally:
            running.kill()
        until(lambda: not any(map(is_there, pids)))


def test_a_server_outlives_the_thread_that_asked_for_it(tmp_path) -> None:
    """The kernel counts the end of that thread as the death of the parent."""
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: started.append(children.start(["sleep", "60"])))
    thread.start()
    thread.join()
    (process,) = started
    try:
        until(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0"))
        assert process.poll() is None
    finally:
        process.kill()
        assert process.wait(5) == -9
