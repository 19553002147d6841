"""Queues on a running server: the desk gives cases by itself, and everybody concerned is told."""

import asyncio

import pytest

from chaguan.protocol.desk import Queue
from tests.e2e.server import run
from tests.e2e.test_chat import Town


@pytest.fixture
async def town(tmp_path):
    town = Town(await run(tmp_path / "data"))
    try:
        await town.settle()
        yield town
    finally:
        for client in town.clients:
            await client.close()
        await town.running.stop()


async def seen(client, wanted):
    """The first push that is wanted."""
    async with asyncio.timeout(5):
        while True:
            for push in client.pushes:
                if wanted(push):
                    return push
            await asyncio.sleep(0.005)


async def test_a_case_is_given_to_who_is_online_and_both_hear_of_it(town):
    deployment = town.running.deployment
    shop = await deployment.accounts.shops.choose("", "")
    await deployment.desk.arrangement.put_queue(town.owner, Queue(id="", shop_id=shop.id, name="all"))
    agent, welcome = await town.agent("mei")
    mei = welcome["user"]["id"]
    await agent.ask("watch_desk")
    state = await agent.ask("set_agent_state", state="online")
    assert (state["state"], state["capacity"]) == ("online", 5)

    customer, _ = await town.customer("li")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    await customer.say(room, "在吗？")
    told = await customer.until("case_changed", status="open")
    assert told["agent_id"] == mei
    desk = await seen(
        agent, lambda push: push["type"] == "desk_changed" and push.get("cases", [{}])[0].get("agent_id")
    )
    (case,) = desk["cases"]
    assert (case["agent_id"], case["reason"]["code"]) == (mei, "least_loaded")

    # The agent belongs to the conversation a moment later, and answers there.
    await seen(agent, lambda push: push["type"] == "user_changed" and room in str(push.get("conversations")))
    await agent.say(room, "在的")
    history = await agent.ask("get_case_history", case_id=case["id"])
    assert [each["kind"] for each in history["events"]] == ["opened", "assigned"]
    view = (await customer.ask("get_conversation", conversation_id=room))["view"]
    assert "reason" not in view["case"]
