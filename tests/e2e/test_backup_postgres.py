"""`chaguan backup` of two nodes on PostgreSQL, Valkey and S3 while people talk, `chaguan restore` into empty ones."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import obstore
import pytest

from chaguan.core.settings import load
from chaguan.infra.blob_stores import bucket_of, bucket_store
from tests.e2e.process import ENVIRONMENT, Served, chaguan
from tests.e2e.test_backup import Crowd, contents, restored
from tests.e2e.test_db_copy import _epoch, _finds
from tests.e2e.test_python_client import Program
from tests.edge_server import until
from tools.servers.postgres import PostgresServer
from tools.servers.s3 import S3Server
from tools.servers.valkey import Single


class Twins:
    """Two nodes that share database, Valkey and blobs: a bucket that `blobs` names, else their folder."""

    def __init__(
        self, folder: Path, database: str, redis: str, ports_of: "Twins | None" = None, blobs: str = ""
    ) -> None:
        self.folder, self.database = folder, database
        self.config = folder.with_suffix(".toml")
        self.config.write_text(f'database_url = "{database}"\nredis_url = "{redis}"\nnodes = 2\n{blobs}')
        self.config.chmod(0o600)
        self.here, self.there = (
            self._node(ports_of and getattr(ports_of, name), name) for name in ("here", "there")
        )

    def _node(self, before: Served | None, name: str) -> Served:
        node = restored(before, self.folder) if before else Served(self.folder)
        node._arguments = ("--config", str(self.config))
        node._log = self.folder.with_name(f"{self.folder.name}-{name}.log")
        return node

    async def start(self) -> "Twins":
        await self.here.start()
        await self.there.start()
        return self

    async def set_up(self) -> "Twins":
        await self.here.set_up()
        here, there = self.here, self.there
        there.app_id, there.secret, there.owner_token = here.app_id, here.secret, here.owner_token
        return self

    def end(self, *, kill: bool = False) -> None:
        for node in (self.here, self.there):
            node.kill() if kill else node.stop()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        place = ("--config", str(self.config), "--data-dir", str(self.folder))
        return chaguan(*arguments, *place, seconds=90)


@pytest.fixture
def valkey() -> Iterator[Single]:
    with Single() as server:
        yield server


@pytest.fixture
def urls(postgres: PostgresServer) -> Iterator[tuple[str, str]]:
    """Two databases without a table."""
    yield postgres.create_database("living"), postgres.create_database("again")
    for name in ("living", "again"):
        postgres.drop_database(name)


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(tmp_path / "s3")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
async def twins(tmp_path: Path, urls: tuple[str, str], valkey: Single) -> AsyncIterator[Twins]:
    async with _running(Twins(tmp_path / "data", urls[0], valkey.url)) as twins:
        yield twins


@pytest.fixture
async def twins_with_a_bucket(
    tmp_path: Path, urls: tuple[str, str], valkey: Single, s3: S3Server
) -> AsyncIterator[Twins]:
    async with _running(Twins(tmp_path / "data", urls[0], valkey.url, blobs=s3.settings("living"))) as twins:
        yield twins


@asynccontextmanager
async def _running(twins: Twins) -> AsyncIterator[Twins]:
    try:
        yield await (await twins.start()).set_up()
    finally:
        twins.end()


async def test_a_backup_under_load_of_two_nodes_holds_all_that_was_acknowledged_before(
    tmp_path: Path, twins_with_a_bucket: Twins, urls: tuple[str, str], valkey: Single, s3: S3Server
) -> None:
    twins = twins_with_a_bucket
    target, key = tmp_path / "backup.tar", str(twins.folder / "master.key")
    again = Twins(tmp_path / "restored", urls[1], valkey.url, twins, s3.settings("again"))
    program = Program(twins.here.base, tmp_path / "phone.json", twins.here.token("wang"))
    try:
        await program.start()
        await program.type("先说一句")
        await program.shows("先说一句")
        room, unread = await _leave_unread(twins)
        epoch = await _epoch(twins.here, "c0", "")
        async with Crowd(twins.here) as crowd, Crowd(twins.there, "d0", "d1", "d2") as others:
            known = [each.copy() for each in (crowd, others)]
            done = await asyncio.to_thread(twins.run, "backup", str(target))
            assert done.returncode == 0, done.stderr
            assert "The master key is NOT in this backup" in done.stdout
        await program.type("备份以后")
        await program.shows("备份以后")
        twins.end(kill=True)
        await program.type("断网时说的")

        done = await asyncio.to_thread(again.run, "restore", str(target), "--key", key)
        assert done.returncode == 0, done.stderr
        assert await _broken(urls[1]) == []
        used, named = await _blobs_named(urls[1])
        stored = _stored(again)
        assert not (again.folder / "blobs").exists()
        assert (
            used and used <= stored <= named
        )  # what was just being uploaded may lack: no message names it yet
        await again.start()
        for (said, shown), each in zip(known, (crowd, others), strict=True):
            for node, name in zip((again.here, again.there, again.here), said, strict=True):
                await _holds(node, name, said[name], shown[name], each.said[name])
        await _finds(again.there, "c1", "说3")
        assert await _unread(again.there, room) == unread
        assert await _epoch(again.there, "c0", epoch) != epoch
        await program.shows("断网时说的")
        texts = [content["text"] for content in await contents(again.here, "wang")]
        assert texts == ["先说一句", "断网时说的"]
        async with asyncio.timeout(10):
            while "备份以后" in (tmp_path / "phone.json").read_text(encoding="utf-8"):
                await asyncio.sleep(0.05)
    finally:
        await program.kill()
        twins.end()
        again.end()


async def _holds(node: Served, name: str, said: list[str], shown: list[str], all_said: list[str]) -> None:
    """What was acknowledged before the backup, in order; then perhaps some of what came during it, in order, too."""
    found = await contents(node, name)
    texts = [content["text"] for content in found if content["type"] == "text"]
    assert texts[: len(said)] == said
    assert texts == all_said[: len(texts)]
    pictures = [content for content in found if content["type"] == "image"]
    assert [content["media_id"] for content in pictures][: len(shown)] == shown
    for content in pictures:
        assert len(await node.fetch(content["url"])) == content["size"]
        assert await node.fetch(content["thumb_url"])


async def _leave_unread(twins: Twins) -> tuple[str, int]:
    """A conversation of which its customer has read a part: how much is left to read."""
    client, service = await twins.here.customer("li")
    view = (await client.ask("get_conversation", conversation_id=service))["view"]
    owner = await twins.there.owner()
    opened = await owner.ask("create_direct", user_id=view["conversation"]["customer_id"])
    room = opened["view"]["conversation"]["id"]
    first = await owner.say(room, "您好")
    await client.until("message_sent", conversation_id=room, seq=first["seq"])
    await client.ask("mark_read", conversation_id=room, seq=first["seq"])
    for text in ("一", "二"):
        await owner.say(room, text)
    await owner.close()
    await client.close()
    connection = await asyncpg.connect(twins.database)

    customer = view["conversation"]["customer_id"]
    flushed = "SELECT read_seq FROM inboxes WHERE conversation_id = $1 AND user_id = $2"
    async with asyncio.timeout(10):
        while await connection.fetchval(flushed, room, customer) != first["seq"]:
            await asyncio.sleep(0.05)
    await connection.close()
    assert await _unread(twins.here, room) == 2
    return room, 2


async def _unread(node: Served, room: str) -> int:
    client, _ = await node.customer("li")
    view = (await client.ask("get_conversation", conversation_id=room))["view"]
    await client.close()
    return int(view["conversation"]["head_ordinal"]) - int(view["inbox"].get("read_ordinal", 0))


async def _broken(url: str) -> list[str]:
    """Conversations whose log has a hole, or does not end where their head says."""
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "SELECT conversation_id FROM heads LEFT JOIN (SELECT conversation_id, count(*) n, max(seq) last "
        "FROM entries GROUP BY conversation_id) e USING (conversation_id) "
        "WHERE coalesce(n, 0) <> head_seq OR coalesce(last, 0) <> head_seq"
    )
    heads = await connection.fetchval("SELECT count(*) FROM heads WHERE head_seq > 0")
    await connection.close()
    assert heads >= 8
    return [record["conversation_id"] for record in found]


async def _blobs_named(url: str) -> tuple[set[str], set[str]]:
    """Those that a message uses, and all of which there is a row."""
    connection = await asyncpg.connect(url)
    media = await connection.fetch("SELECT id, thumb_mime, used_at FROM media WHERE deleted_at IS NULL")
    await connection.close()
    used, named = set(), set()
    for record in media:
        for variant in ("original", *(("thumb",) if record["thumb_mime"] else ())):
            name = f"media/{record['id'][-4:-2]}/{record['id']}.{variant}"
            named.add(name)
            if record["used_at"] is not None:
                used.add(name)
    return used, named


def _stored(twins: Twins) -> set[str]:
    """The names of what lies in their bucket."""
    bucket = bucket_of(load(twins.config))
    assert bucket is not None
    return {each["path"] for page in obstore.list(bucket_store(bucket)) for each in page}


async def test_a_backup_that_is_interrupted_is_taken_for_none(
    tmp_path: Path, twins: Twins, urls: tuple[str, str]
) -> None:
    client, room = await twins.here.customer("li")
    await client.say(room, "在")
    await client.close()
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "backup.tar"
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        with _stuck(twins, target) as backup:
            async with _a_table_locked(twins.database):
                await until(lambda: target.with_name("backup.tar.partial").exists(), 20)
                await _waits_for_lock(twins.database)
                assert _shows_no_password(backup.pid, urls[0])
                backup.send_signal(number)
                assert await asyncio.to_thread(backup.wait, 20) == code
        assert not target.exists()
        assert target.with_name("backup.tar.partial").exists() is (number is signal.SIGKILL)
    again = Twins(tmp_path / "restored", urls[1], "")
    half = await asyncio.to_thread(again.run, "restore", str(target) + ".partial")
    assert half.returncode == 2 and "not a" in half.stderr and len(half.stderr.splitlines()) == 1
    done = await asyncio.to_thread(twins.run, "backup", str(target))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["backup.tar"]


def _can_be_interrupted() -> None:
    """Also where this run itself was started in the background, which hands an ignored SIGINT down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _stuck(twins: Twins, target: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "chaguan.cli", "backup", str(target)]
    command += ["--config", str(twins.config), "--data-dir", str(twins.folder)]
    process = subprocess.Popen(
        command,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_can_be_interrupted,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


class _a_table_locked:
    """A reader of the table waits as long as this is held."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> None:
        self._connection = await asyncpg.connect(self._url)
        await self._connection.execute("BEGIN; LOCK TABLE blocks IN ACCESS EXCLUSIVE MODE")

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


async def _waits_for_lock(url: str) -> None:
    connection = await asyncpg.connect(url)
    look = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chaguan backup' "
        "AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while not await connection.fetchval(look):
            await asyncio.sleep(0.02)
    await connection.close()


def _shows_no_password(pid: int, url: str) -> bool:
    """To whoever lists the processes of this machine."""
    password = url.split(":")[2].split("@")[0].encode()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    shown = [Path(f"/proc/{each}/cmdline").read_bytes() for each in (pid, *children)]
    return children == [] and not any(password in line for line in shown)


async def test_a_restore_below_running_nodes_is_refused_and_their_data_stays(
    tmp_path: Path, twins: Twins, valkey: Single
) -> None:
    client, room = await twins.here.customer("li")
    await client.say(room, "在")
    target = str(tmp_path / "backup")
    assert twins.run("backup", target, "--with-key").returncode == 0
    busy = twins.run("restore", target, "--replace")
    assert busy.returncode == 2 and "Another chaguan is serving" in busy.stderr
    other = Twins(tmp_path / "other", twins.database, valkey.url)
    full = other.run("restore", target)
    assert full.returncode == 2 and "is not empty" in full.stderr
    await client.say(room, "还在")
    await client.close()
    assert [each["text"] for each in await contents(twins.there, "li")] == ["在", "还在"]
