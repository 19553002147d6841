"""kill -9 under load: what was acknowledged is stored, once, without a gap; what was not is safe to send again."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.process import Served
from tests.e2e.server import Client

CUSTOMERS = 6


class Talker:
    """Sends as fast as answers come, and sends again what was not answered."""

    def __init__(self, served: Served, name: str) -> None:
        self._served, self._name = served, name
        self.acknowledged: dict[str, int] = {}
        self.unanswered: set[str] = set()
        self.room = ""

    async def talk(self, until: int) -> None:
        """Until so many more are acknowledged, or the server dies."""
        client, self.room = await self._served.customer(self._name)
        goal = len(self.acknowledged) + until
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(4):
                    lanes.create_task(self._lane(client, goal))
        except* (ConnectionClosed, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            await client.close()

    async def _lane(self, client: Client, goal: int) -> None:
        while len(self.acknowledged) < goal:
            key = self.unanswered.pop() if self.unanswered else uuid_text(uuid7())
            self.unanswered.add(key)
            content = {"type": "text", "text": f"{self._name} {key}"}
            reply = await client.raw(
                "send_message", conversation_id=self.room, client_msg_id=key, content=content
            )
            if "ok" in reply:
                self.unanswered.discard(key)
                assert self.acknowledged.setdefault(key, reply["ok"]["seq"]) == reply["ok"]["seq"]
            else:
                assert reply["error"]["code"] == "rate_limited", reply
                await asyncio.sleep(reply["error"]["data"]["retry_after_ms"] / 1000)


async def kill_often(served: Served, times: int) -> None:
    talkers = [Talker(served, f"c{n}") for n in range(CUSTOMERS)]
    for _ in range(times):
        before = [len(talker.acknowledged) for talker in talkers]
        talking = [asyncio.create_task(talker.talk(until=10_000)) for talker in talkers]
        async with asyncio.timeout(30):
            while any(len(each.acknowledged) < n + 20 for each, n in zip(talkers, before, strict=True)):
                await asyncio.sleep(0.001)
        served.kill()
        await asyncio.gather(*talking)
        await served.start()
    await asyncio.gather(*(talker.talk(until=len(talker.unanswered) + 1) for talker in talkers))
    for number, talker in enumerate(talkers):
        client, room = await served.customer(f"c{number}")
        messages = [each for each in await client.messages(room) if each["content"]["type"] == "text"]
        keys = [each["client_msg_id"] for each in messages]
        assert len(keys) == len(set(keys))
        found = {each["client_msg_id"]: each["seq"] for each in messages}
        assert {key: found.get(key) for key in talker.acknowledged} == talker.acknowledged
        assert set(found) <= set(talker.acknowledged) | talker.unanswered
        pulled = await client.ask(
            "pull_entries", conversation_id=room, after_seq=max(0, messages[-1]["seq"] - 150)
        )
        seqs = [each["seq"] for each in pulled["entries"]]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        ordinals = [each["ordinal"] for each in messages]
        assert ordinals == list(range(1, len(ordinals) + 1))
        await client.close()


@pytest.fixture
async def served(tmp_path):
    config = tmp_path / "chaguan.toml"
    config.write_text("[limits]\nmessages_per_second = 1000\ncommands_per_second = 1000\n")
    served = Served(tmp_path / "data", "--config", str(config))
    try:
        yield await (await served.start()).set_up()
    finally:
        served.stop()


async def test_a_kill_under_load_loses_and_doubles_nothing(served):
    await kill_often(served, 2)


@pytest.mark.soak
async def test_twenty_kills_under_load_lose_and_double_nothing(served):
    await kill_often(served, 20)
