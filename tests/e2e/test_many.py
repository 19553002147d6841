"""`chaguan serve --workers 2` and `chaguan worker` on real PostgreSQL and Valkey, as programs."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.process import ENVIRONMENT, Served
from tests.e2e.server import Client
from tests.e2e.test_workers import scrape
from tests.edge_server import until
from tools.servers import children
from tools.servers.valkey import Single

METRICS_TOKEN = "a-token-for-scrapers-only"


class Many(Served):
    """One port, several processes."""

    async def metrics(self) -> str:
        return await scrape(self.port, METRICS_TOKEN)

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    async def sessions_by_worker(self) -> dict[str, int]:
        found = re.findall(r'chaguan_sessions\{worker="(\d+)"\} (\d+)', await self.metrics())
        return {slot: int(count) for slot, count in found}

    async def owners(self) -> list[str]:
        return re.findall(r'chaguan_consumer_owned\{worker="(\w+)",consumer="desk"\} 1', await self.metrics())


@pytest.fixture
async def many(tmp_path, postgres):
    url = postgres.create_database("many")
    with Single() as valkey:
        config = tmp_path / "chaguan.toml"
        config.write_text(
            f'database_url = "{url}"\nredis_url = "{valkey.url}"\nnodes = 2\nmetrics_token = "{METRICS_TOKEN}"\n'
        )
        served = Many(tmp_path / "data", "--config", str(config), "--workers", "2")
        try:
            await served.start()
            yield await served.set_up()
        finally:
            served.stop()
            postgres.drop_database("many")


async def spread(many: Many, name: str, wanted: int = 2) -> tuple[list[Client], str]:
    """Sessions of one customer on every worker: the kernel decides, so as many as it takes."""
    clients: list[Client] = []
    room = ""
    async with asyncio.timeout(30):
        while True:
            client = await Client.connect(many.url)
            await client.hello(many.token(name), f"d_{name}_{len(clients)}")
            room = room or (await client.ask("open_service"))["view"]["conversation"]["id"]
            clients.append(client)
            held = await many.sessions_by_worker()
            if len([count for count in held.values() if count]) == wanted:
                return clients, room
            assert len(clients) < 40, held


async def heard(client: Client, room: str, text: str) -> None:
    def said() -> bool:
        return any(
            push["type"] == "message_sent"
            and push["conversation_id"] == room
            and push["content"].get("text") == text
            for push in client.pushes
        )

    await until(said, 10)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_messages_cross_workers_and_one_that_is_killed_is_replaced_with_nothing_lost(many) -> None:
    clients, room = await spread(many, "li")
    for number, client in enumerate(clients):
        await client.say(room, f"第 {number}")
    for client in clients:
        for number in range(len(clients)):
            await heard(client, room, f"第 {number}")
    assert await many.owners() == ["consumers"], await many.metrics()
    page = await many.metrics()
    assert re.findall(r'chaguan_broker_linked\{worker="\d"\} (\d)', page) == ["1", "1"], page
    assert re.search(r'chaguan_broker_messages_total\{worker="0",outcome="published"\} [1-9]', page), page

    before = many.children()
    assert len(before) == 3
    for pid in before:
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: is_gone(pid) and len(many.children()) == 3, 20)
    for client in clients:
        await client.ended()
    assert not set(before) & set(many.children())

    again, _ = await spread(many, "li")
    texts = [m["content"]["text"] for m in await again[0].messages(room) if m["content"]["type"] == "text"]
    assert texts == [f"第 {number}" for number in range(len(clients))]
    await again[0].say(room, "接着说")
    for client in again:
        await heard(client, room, "接着说")
    assert "chaguan_worker_restarts_total 3" in await many.metrics()

    many.send(signal.SIGTERM)
    for client in again:
        await client.ended()
        assert client.close_code == 4000
    await until(lambda: many.exit_code is not None, 30)
    assert many.exit_code == 0


async def test_a_case_opens_at_the_desk_whichever_process_follows_the_log(many, tmp_path) -> None:
    """`chaguan worker` beside the node: it waits, and takes over when the node's own consumer can't."""
    config = str(tmp_path / "chaguan.toml")
    command = [sys.executable, "-m", "chaguan.cli", "worker", "--config", config]
    command += ["--data-dir", str(many.folder)]
    with (tmp_path / "worker.log").open("ab") as log:
        worker = children.start(command, env=ENVIRONMENT, stdout=log, stderr=log)
    try:
        owner = await many.owner()
        await owner.ask("watch_desk")
        customer, room = await many.customer("li")
        await customer.say(room, "在吗")
        await owner.until("desk_changed")
        # The node's consumer hangs: the lease ends, and the worker has it.
        (consumers,) = [pid for pid in many.children() if has_no_port(pid, many.port)]
        os.kill(consumers, signal.SIGSTOP)
        try:
            other, second = await many.customer("wang")
            await other.say(second, "有人吗")
            async with asyncio.timeout(30):
                while len(cases(await owner.ask("watch_desk"))) < 2:
                    await asyncio.sleep(0.1)
            assert "desk is this process's" in (tmp_path / "worker.log").read_text()
        finally:
            os.kill(consumers, signal.SIGCONT)
        for client in (owner, customer, other):
            await client.close()
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 20) == 0
    finally:
        worker.kill()
        worker.wait(10)


def cases(desk: dict) -> list[dict]:
    return desk["cases"]


def has_no_port(pid: int, port: int) -> bool:
    """The consumers' process holds no listening socket."""
    sockets = {
        os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if "socket" in os.readlink(link)
    }
    listening = [
        f"socket:[{line.split()[9]}]"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    return not sockets & set(listening)
