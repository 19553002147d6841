"""`chaguan keys rotate` while people talk: nothing is lost, and the old key opens nothing any more."""

import asyncio

from tests.e2e.process import Served, chaguan
from tests.e2e.server import Client


async def test_a_rotation_under_load_loses_nothing_and_retires_the_old_key(tmp_path):
    served = await (await Served(tmp_path / "data").start()).set_up()
    try:
        before = (served.folder / "master.key").read_text()
        client, room = await served.customer("li")
        said: list[str] = []
        is_over = asyncio.Event()

        async def talk(client: Client, room: str) -> None:
            while not is_over.is_set():
                text = f"第{len(said)}句"
                await client.say(room, text)
                said.append(text)
                await asyncio.sleep(0.05)

        talking = asyncio.create_task(talk(client, room))
        rotating = asyncio.create_task(
            asyncio.to_thread(chaguan, "keys", "rotate", "--data-dir", str(served.folder), seconds=60)
        )
        newcomers = []
        while not rotating.done():  # conversations that begin meanwhile get their keys wrapped too
            newcomers.append(f"new{len(newcomers)}")
            other, own = await served.customer(newcomers[-1])
            await other.say(own, "刚来")
            await other.close()
            await asyncio.sleep(0.3)
        done = await rotating
        assert done.returncode == 0, done.stderr
        is_over.set()
        await talking
        await client.close()
        assert len(said) > 20 and len(newcomers) > 3
        old = [line for line in before.splitlines() if line and not line.startswith("#")]
        assert old[0] not in (served.folder / "master.key").read_text()

        served.kill()
        await served.start()
        client, room = await served.customer("li")
        texts = [each["content"].get("text") for each in await client.messages(room)]
        assert [text for text in texts if text] == said
        await client.close()
        for name in newcomers:
            other, own = await served.customer(name)
            (message,) = (await other.ask("get_history", conversation_id=own))["messages"]
            assert message["content"]["text"] == "刚来"
            await other.close()

        served.stop()
        (served.folder / "master.key").write_text(before)
    finally:
        served.stop()
    refused = chaguan("serve", "--data-dir", str(served.folder), "--port", str(served.port))
    assert refused.returncode == 2 and "key" in refused.stderr
