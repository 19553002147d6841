"""What a broken place gets: one clear sentence at start; while serving, `unavailable` and a health that says why."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chaguan.app import open_deployment
from chaguan.cli import main
from chaguan.core.settings import Settings
from chaguan.infra import opening
from tests.e2e.process import ENVIRONMENT, Served


@pytest.fixture
async def served(tmp_path):
    served = Served(tmp_path / "data")
    try:
        yield await (await served.start()).set_up()
    finally:
        served.stop()


@pytest.fixture
def folder(tmp_path):
    """The data of a deployment that was set up and stopped."""

    async def set_up() -> None:
        deployment = await open_deployment(Settings(data_dir=str(tmp_path / "data")))
        await deployment.start()
        await deployment.accounts.first_start("茶铺")
        await deployment.stop()

    asyncio.run(set_up())
    return tmp_path / "data"


@pytest.fixture
def refused(capsys):
    """Start the server as the command line does, and get the sentence with which it refuses."""

    def too_long(_number: int, _frame: object) -> None:
        raise TimeoutError("it serves")

    def start(folder: Path, *arguments: str, port: int = 0) -> str:
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(20)
        try:
            code = main(["serve", "--data-dir", str(folder), "--port", str(port), *arguments])
        finally:
            signal.alarm(0)
        said = capsys.readouterr().err.splitlines()
        (sentence,) = [line for line in said if line.startswith("chaguan: ")]
        assert code == 2 and "Traceback" not in "".join(said)
        return sentence

    return start


async def test_a_full_disk_refuses_sends_says_so_and_heals_by_itself(served):
    client, room = await served.customer("li")
    sent = [await client.say(room, "有地方")]
    served.limit_file_size(4096)
    answers = [await client.raw(*_message(room, n)[:1], **_message(room, n)[1]) for n in range(5)]
    assert {each["error"]["code"] for each in answers} == {"unavailable"}
    assert all(each["error"]["data"]["retry_after_ms"] for each in answers)
    status, report = await served.http("GET", "/health")
    assert status == 503 and report["status"] == "unavailable" and "write" in report["reasons"][0]
    read = await client.ask("get_history", conversation_id=room)
    assert [each["seq"] for each in read["messages"]] == [1]

    served.limit_file_size(None)
    async with asyncio.timeout(20):
        while (await served.http("GET", "/health"))[0] != 200:  # nobody sends: it heals by itself
            await asyncio.sleep(0.05)
    for n in range(5):
        sent.append(await client.ask(*_message(room, n)[:1], **_message(room, n)[1]))
    await client.close()
    served.kill()
    await served.start()
    client, room = await served.customer("li")
    messages = (await client.ask("get_history", conversation_id=room))["messages"]
    assert [each["seq"] for each in messages if each["content"]["type"] == "text"] == [
        each["seq"] for each in sent
    ]
    await client.close()


def _message(room: str, n: int) -> tuple[str, dict]:
    key = f"018f0000-0000-7000-8000-{n:012d}"
    content = {"type": "text", "text": f"第{n}句"}
    return "send_message", {"conversation_id": room, "client_msg_id": key, "content": content}


def test_a_folder_that_cannot_be_written_is_said(refused):
    assert "can't be written" in refused(Path("/proc/chaguan"))  # not even by root


def test_a_data_folder_that_is_a_file_is_said(tmp_path, refused):
    (tmp_path / "data").write_text("")
    assert "can't be written" in refused(tmp_path / "data")


def test_a_second_server_on_the_same_data_is_refused(folder, refused):
    held = opening.lock_folder(folder)
    assert "Another chaguan is serving" in refused(folder)
    opening.unlock_folder(held)


def test_a_damaged_database_is_said_and_left_alone(folder, refused):
    file = folder / "chaguan.db"
    damaged = damage(file)
    assert "damaged" in refused(folder) or "can't be opened" in refused(folder)
    assert is_same(file, damaged)


def test_a_damaged_database_is_left_alone_beside_a_write_ahead_log_of_a_crash(folder, refused):
    """The log holds pages that would go into the file if the look at it could write."""
    file = folder / "chaguan.db"
    crashed = sqlite3.connect(file)
    crashed.execute("PRAGMA wal_autocheckpoint=0")
    crashed.execute("CREATE TABLE more (x)")
    crashed.commit()
    before, log = file.read_bytes(), Path(f"{file}-wal").read_bytes()
    crashed.close()
    file.write_bytes(before)
    damaged = damage(file)
    Path(f"{file}-wal").write_bytes(log)
    assert "damaged" in refused(folder) or "can't be opened" in refused(folder)
    assert is_same(file, damaged)


def damage(file: Path) -> bytes:
    damaged = bytearray(file.read_bytes())
    damaged[4096 : 4096 * 12] = os.urandom(4096 * 11)
    file.write_bytes(damaged)
    return bytes(damaged)


def is_same(file: Path, before: bytes) -> bool:
    """Apart, so that a failure does not print a difference of two databases, which takes for ever."""
    return file.read_bytes() == before


def test_a_file_that_is_no_database_is_said(folder, refused):
    (folder / "chaguan.db").write_bytes(b"not a database at all, sorry" * 1_000)
    assert "can't be opened" in refused(folder)


def test_another_master_key_is_refused_before_anything_is_served(folder, refused):
    key = folder / "master.key"
    key.write_text("4LAKFqRgKTOKHmcnQKCLTE+5Gg5CkTPNXtyTJUtFQ2c=\n")
    assert "key" in refused(folder)


def test_a_missing_master_key_is_not_made_anew(folder, refused):
    (folder / "master.key").unlink()
    assert "missing" in refused(folder)
    assert not (folder / "master.key").exists()


def test_a_database_that_another_program_locks_is_said(folder, refused):
    connection = sqlite3.connect(folder / "chaguan.db", isolation_level=None)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()
    connection.execute("BEGIN EXCLUSIVE").close()
    try:
        assert "locked" in refused(folder)
    finally:
        connection.close()


def test_a_busy_port_is_said(tmp_path, refused):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert f"Port {port}" in refused(tmp_path / "data", port=port)


@pytest.mark.parametrize(
    "text", ["search = 'perhaps'", "prot = 8080", "= broken", "[limits]\nimage = -1x", "limits = 1"]
)
def test_a_wrong_configuration_is_said(tmp_path, refused, text):
    config = tmp_path / "chaguan.toml"
    config.write_text(text)
    assert refused(tmp_path / "data", "--config", str(config))


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_said(tmp_path, refused, port):
    assert f"port is {port}" in refused(tmp_path / "data", port=port)


@pytest.mark.parametrize("room", [8 * 1024, 64 * 1024])
def test_a_disk_that_fills_up_at_the_first_start_is_said(tmp_path, room):
    full = f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); "
    start = "from chaguan.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(
        [sys.executable, "-c", full + start, *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("chaguan: ")]
    assert "disk" in sentence or "can't be written" in sentence
