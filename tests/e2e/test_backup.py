"""`chaguan backup` while people talk, `chaguan restore` afterwards: what was acknowledged before is all there."""

import asyncio
import json
import shutil

import pytest

from tests.e2e.process import Served, chaguan
from tests.e2e.server import Client
from tests.e2e.test_python_client import Program
from tests.unit.media import samples

PICTURE = samples.photo_with_place(6)


class Crowd:
    """Customers who talk and send pictures until told to stop, and what was acknowledged to them."""

    def __init__(self, served: Served, *names: str) -> None:
        self._served = served
        self._names = names or ("c0", "c1", "c2")
        self._is_over = asyncio.Event()
        self.said: dict[str, list[str]] = {}
        self.shown: dict[str, list[str]] = {}

    async def __aenter__(self) -> "Crowd":
        self._talking = [asyncio.create_task(self._talk(name)) for name in self._names]
        async with asyncio.timeout(60):
            while sum(map(len, self.said.values())) < 30 or not any(self.shown.values()):
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over.set()
        await asyncio.gather(*self._talking)

    async def _talk(self, name: str) -> None:
        client, room = await self._served.customer(name)
        said, shown = self.said.setdefault(name, []), self.shown.setdefault(name, [])
        while not self._is_over.is_set():
            text = f"{name}说{len(said)}"
            await client.say(room, text)
            said.append(text)
            if len(said) % 8 == 0:
                status, content = await self._served.upload(name, PICTURE)
                assert status in (200, 201), content
                sent = await client.raw(
                    "send_message", conversation_id=room, client_msg_id=_key(), content=content
                )
                assert "ok" in sent, sent
                shown.append(content["media_id"])
            await asyncio.sleep(0.02)
        await client.close()

    def copy(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        return (
            {name: list(said) for name, said in self.said.items()},
            {name: list(shown) for name, shown in self.shown.items()},
        )


def _key() -> str:
    from chaguan.core.ids import uuid7
    from chaguan.messaging.model import uuid_text

    return uuid_text(uuid7())


def restored(served: Served, folder) -> Served:
    """Another folder behind the same address, with the same app."""
    again = Served(folder)
    again.port, again.base, again.url = served.port, served.base, served.url
    again.app_id, again.secret, again.owner_token = served.app_id, served.secret, served.owner_token
    return again


async def contents(served: Served, name: str) -> list[dict]:
    client, room = await served.customer(name)
    found = [message["content"] for message in await client.messages(room)]
    await client.close()
    return found


@pytest.mark.parametrize("form", ["backup", "backup.tar"])
async def test_a_backup_under_load_holds_all_that_was_acknowledged_before(tmp_path, form):
    served = await (await Served(tmp_path / "data").start()).set_up()
    target, again = tmp_path / form, restored(served, tmp_path / "restored")
    program = Program(served.base, tmp_path / "phone.json", served.token("wang"))
    try:
        await program.start()
        await program.type("先说一句")
        await program.shows("先说一句")
        async with Crowd(served) as crowd:
            said, shown = crowd.copy()
            done = await asyncio.to_thread(
                chaguan, "backup", str(target), "--data-dir", str(served.folder), seconds=60
            )
            assert done.returncode == 0, done.stderr
            assert "The master key is NOT in this backup" in done.stdout
        await program.type("备份以后")
        await program.shows("备份以后")
        served.kill()
        await program.type("断网时说的")

        key = str(served.folder / "master.key")
        done = await asyncio.to_thread(
            chaguan, "restore", str(target), "--data-dir", str(again.folder), "--key", key, seconds=60
        )
        assert done.returncode == 0, done.stderr
        await again.start()
        for name in said:
            found = await contents(again, name)
            texts = [content["text"] for content in found if content["type"] == "text"]
            assert texts[: len(said[name])] == said[name]
            assert texts == crowd.said[name][: len(texts)]
            pictures = [content for content in found if content["type"] == "image"]
            assert [content["media_id"] for content in pictures][: len(shown[name])] == shown[name]
            for content in pictures:
                assert len(await again.fetch(content["url"])) == content["size"]
                assert await again.fetch(content["thumb_url"])
        await program.shows("断网时说的")
        texts = [content["text"] for content in await contents(again, "wang")]
        assert texts == ["先说一句", "断网时说的"]
        async with asyncio.timeout(10):
            while "备份以后" in (tmp_path / "phone.json").read_text(encoding="utf-8"):
                await asyncio.sleep(0.05)
    finally:
        await program.kill()
        served.stop()
        again.stop()


async def test_the_epoch_is_new_and_a_hello_with_the_old_one_is_reset(tmp_path):
    served = await (await Served(tmp_path / "data").start()).set_up()
    again = restored(served, tmp_path / "restored")
    try:
        client, room = await served.customer("li")
        await client.say(room, "在")
        welcome = await _welcome(served, "li", "")
        await client.close()
        target = tmp_path / "b"
        done = chaguan("backup", str(target), "--with-key", "--data-dir", str(served.folder))
        assert done.returncode == 0 and "CONTAINS the master key" in done.stdout
        served.stop()
        done = chaguan("restore", str(target), "--data-dir", str(again.folder))
        assert done.returncode == 0, done.stderr
        await again.start()
        after = await _welcome(again, "li", welcome["epoch"])
        assert after["epoch"] != welcome["epoch"]
        assert (again.folder / "master.key").stat().st_mode & 0o777 == 0o600
    finally:
        served.stop()
        again.stop()


async def _welcome(served: Served, name: str, epoch: str) -> dict:
    client = await Client.connect(served.url)
    try:
        return await client.hello(served.token(name), f"d_{name}", epoch=epoch)
    finally:
        await client.close()


async def test_a_backup_that_a_restore_cannot_use_is_refused_and_leaves_nothing(tmp_path):
    served = await (await Served(tmp_path / "data").start()).set_up()
    await _send_picture(served)
    target = tmp_path / "backup"
    assert chaguan("backup", str(target), "--data-dir", str(served.folder)).returncode == 0
    assert "exists" in chaguan("backup", str(target), "--data-dir", str(served.folder)).stderr
    busy = chaguan("restore", str(target), "--data-dir", str(served.folder), "--replace")
    assert busy.returncode == 2 and "Another chaguan is serving" in busy.stderr
    served.stop()
    folder, key = tmp_path / "into", str(served.folder / "master.key")

    def refused(source, *arguments, says):
        done = chaguan("restore", str(source), "--data-dir", str(folder), *arguments)
        assert done.returncode == 2 and says in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert {path.name for path in folder.iterdir()} <= {"lock", "keep"}

    refused(target, says="no master key in it")
    other = tmp_path / "other.key"
    other.write_text("A" * 43 + "=\n")
    other.chmod(0o600)
    refused(target, "--key", str(other), says="Nothing was restored")
    refused(tmp_path / "nowhere", says="not a backup")
    (folder / "keep").touch()
    refused(target, "--key", key, says="is not empty (keep)")
    (folder / "keep").unlink()
    for name in ("chaguan.db", "blobs.jsonl", _a_blob(target)):
        damaged = tmp_path / "damaged"
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(target, damaged)
        data = bytearray((damaged / name).read_bytes())
        data[len(data) // 2] ^= 1
        (damaged / name).write_bytes(data)
        refused(damaged, "--key", key, says="damaged")
    (damaged / name).unlink()
    refused(damaged, "--key", key, says="is missing")
    (damaged / "manifest.json").unlink()
    refused(damaged, "--key", key, says="not a whole backup")
    newer = tmp_path / "newer"
    shutil.copytree(target, newer)
    manifest = json.loads((newer / "manifest.json").read_text())
    (newer / "manifest.json").write_text(json.dumps({**manifest, "format": 2, "chaguan": "9.0"}))
    refused(newer, "--key", key, says="made by Chaguan 9.0")


async def test_replacing_puts_what_was_there_aside(tmp_path):
    served = await (await Served(tmp_path / "data").start()).set_up()
    client, room = await served.customer("li")
    await client.say(room, "早")
    target = str(tmp_path / "backup.tar")
    assert chaguan("backup", target, "--data-dir", str(served.folder)).returncode == 0
    await client.say(room, "晚")
    await client.close()
    served.kill()  # its write-ahead log stays behind and must not be mixed with the restored file
    done = chaguan("restore", target, "--data-dir", str(served.folder), "--replace")
    assert done.returncode == 0, done.stderr
    (aside,) = served.folder.glob("replaced-*")
    assert (aside / "chaguan.db").exists() and str(aside) in done.stdout
    try:
        await served.start()
        assert [content["text"] for content in await contents(served, "li")] == ["早"]
    finally:
        served.stop()


async def _send_picture(served: Served) -> str:
    client, room = await served.customer("li")
    status, content = await served.upload("li", PICTURE)
    assert status in (200, 201), content
    await client.ask("send_message", conversation_id=room, client_msg_id=_key(), content=content)
    await client.close()
    return content["media_id"]


def _a_blob(target) -> str:
    return str(next(path for path in target.glob("blobs/**/*.original")).relative_to(target))
