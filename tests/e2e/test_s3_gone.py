"""The blobs' server dies while people chat: pictures wait, words go on, all returns by itself."""

import asyncio

import pytest

from tests.e2e.process import Served
from tests.unit.media import samples
from tools.servers.s3 import S3Server


@pytest.fixture
def s3(tmp_path):
    server = S3Server(tmp_path / "s3")
    try:
        yield server.start()
    finally:
        server.stop()


def configured(folder, s3):
    file = folder / "chaguan.toml"
    file.write_text(s3.settings("im"))
    return file


async def test_without_its_blob_server_a_deployment_still_chats(tmp_path, s3):
    served = Served(tmp_path / "data", "--config", str(configured(tmp_path, s3)))
    try:
        await (await served.start()).set_up()
        client, room = await served.customer("li")
        picture = samples.photo_with_place(6)
        status, content = await served.upload("li", picture)
        assert status in (200, 201), content

        s3.kill()
        status, answer = await served.upload("li", picture)
        assert (status, answer["error"]["code"]) == (503, "unavailable"), answer
        assert (await served.http("GET", content["url"]))[0] == 503
        await client.say(room, "图片待会儿")
        served.stop()
        await served.start()  # even now
        await client.close()
        client, room = await served.customer("li")
        await client.say(room, "还在")
        status, health = await served.http("GET", "/health")
        assert status == 200 and health["status"] == "degraded"
        assert any("Pictures and files" in reason for reason in health["reasons"])

        s3.start()
        async with asyncio.timeout(40):
            while (await served.http("GET", "/health"))[1]["status"] != "ok":
                await asyncio.sleep(0.1)
        assert (await served.upload("li", picture))[0] in (200, 201)
        await client.close()
    finally:
        served.stop()
