"""`chaguan db copy` while people talk: what was acknowledged on SQLite is on PostgreSQL, and clients go on there."""

import asyncio
import random
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.process import ENVIRONMENT, Served, chaguan
from tests.e2e.server import Client
from tests.e2e.test_backup import Crowd, contents, restored
from tests.e2e.test_python_client import Program
from tools.servers.postgres import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database without a table."""
    yield postgres.create_database("grown")
    postgres.drop_database("grown")


class Copy:
    """`chaguan db copy` as somebody at a terminal has it."""

    def __init__(self, folder: Path, url: str) -> None:
        self._arguments = (sys.executable, "-m", "chaguan.cli", "db", "copy", "--to", url)
        self._folder = folder
        self.output = ""

    async def start(self) -> "Copy":
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            *("--data-dir", str(self._folder), "--wait", "60"),
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
            env=ENVIRONMENT,
        )
        return self

    async def says(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.output:
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, self.output
                self.output += line.decode()

    async def end(self) -> int:
        async with asyncio.timeout(60):
            assert self._process.stdout is not None
            self.output += (await self._process.stdout.read()).decode()
            return await self._process.wait()

    async def kill_after(self, seconds: float) -> bool:
        """False when it had come to its end."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            return True
        return False


def moved(served: Served, url: str) -> Served:
    """The same folder and address, with the database on PostgreSQL."""
    config = served.folder.with_suffix(".toml")
    config.write_text(f'database_url = "{url}"\n')
    again = restored(served, served.folder)
    again._arguments = ("--config", str(config))
    return again


async def test_a_deployment_moves_under_load_and_its_clients_go_on(tmp_path: Path, url: str) -> None:
    served = await (await Served(tmp_path / "data").start()).set_up()
    again = moved(served, url)
    program = Program(served.base, tmp_path / "phone.json", served.token("wang"))
    try:
        await program.start()
        await program.type("先说一句")
        await program.shows("先说一句")
        async with Crowd(served) as crowd:
            copy = await Copy(served.folder, url).start()
            await copy.says("STOP THE SERVER NOW")
            before = sum(map(len, crowd.said.values()))
            async with asyncio.timeout(30):
                while sum(map(len, crowd.said.values())) < before + 10:
                    await asyncio.sleep(0.01)
        epoch = await _epoch(served, "c0", "")
        served.stop()
        await program.type("搬家时说的")
        assert await copy.end() == 0, copy.output
        done = await asyncio.to_thread(
            chaguan, "db", "check", "--to", url, "--data-dir", str(served.folder), seconds=60
        )
        assert done.returncode == 0, done.stdout + done.stderr

        await again.start()
        for name, said in crowd.said.items():
            found = await contents(again, name)
            assert [each["text"] for each in found if each["type"] == "text"] == said
            pictures = [each for each in found if each["type"] == "image"]
            assert [each["media_id"] for each in pictures] == crowd.shown[name]
            for each in pictures:
                assert len(await again.fetch(each["url"])) == each["size"]
        await _finds(again, "c1", "说3")
        await program.shows("搬家时说的")
        texts = [each["text"] for each in await contents(again, "wang")]
        assert texts == ["先说一句", "搬家时说的"]
        assert await _epoch(again, "c0", epoch) != epoch
    finally:
        await program.kill()
        served.stop()
        again.stop()
    refused = chaguan("serve", "--port", "0", "--data-dir", str(served.folder))
    assert refused.returncode == 2 and "was moved to PostgreSQL; set database_url" in refused.stderr


async def _epoch(served: Served, name: str, known: str) -> str:
    client = await Client.connect(served.url)
    try:
        welcome = await client.hello(served.token(name), f"d_{name}", epoch=known)
        return str(welcome["epoch"])
    finally:
        await client.close()


async def _finds(served: Served, name: str, text: str) -> None:
    client, _ = await served.customer(name)
    try:
        async with asyncio.timeout(20):
            while not (await client.ask("search_messages", query=text))["hits"]:
                await asyncio.sleep(0.05)
    finally:
        await client.close()


async def test_a_copy_killed_again_and_again_comes_to_its_end(tmp_path: Path, url: str) -> None:
    served = await (await Served(tmp_path / "data").start()).set_up()
    again = moved(served, url)
    client, room = await served.customer("li")
    await client.say(room, "在")
    await client.close()
    served.kill()  # its write-ahead log stays behind and belongs to the data
    rows = ((f"u_{n:06}", "customer", "客" * 20, n) for n in range(40_000))
    with closing(sqlite3.connect(served.folder / "chaguan.db")) as connection, connection:
        connection.executemany("INSERT INTO users (id, kind, name, created_at) VALUES (?, ?, ?, ?)", rows)
    seeded = random.Random(7)
    killed = 0
    for _ in range(6):
        copy = await Copy(served.folder, url).start()
        if not await copy.kill_after(seeded.uniform(0.8, 3)):
            break
        killed += 1
    assert killed >= 1
    copy = await Copy(served.folder, url).start()
    assert await copy.end() == 0, copy.output
    try:
        await again.start()
        assert [each["text"] for each in await contents(again, "li")] == ["在"]
    finally:
        again.stop()
