"""The bot on a running server: it answers as the shop, and an agent takes over with all that was said."""

import pytest

from chaguan.protocol.automation import BotSettings, FaqSpec, FaqText
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


async def test_a_question_is_answered_by_the_shops_bot_and_handed_to_an_agent_with_its_history(town):
    desk = town.running.deployment.desk
    shop = (await town.running.deployment.accounts.shops.choose("", "")).id
    text = FaqText(question="退款多久到账？", answer="三天内到账。")
    await desk.automation.answers.put(town.owner, shop, "", FaqSpec(texts={"zh-CN": text}))
    await desk.automation.put_bot(town.owner, shop, BotSettings(enabled=True))
    await desk.arrangement.put_queue(town.owner, Queue(id="", shop_id=shop, name="all"))
    agent, welcome = await town.agent("mei")
    await agent.ask("watch_desk")
    await agent.ask("set_agent_state", state="online")

    customer, _ = await town.customer("li")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    shown = await customer.ask("suggest_answers", conversation_id=room, text="退款多久")
    assert [(each["answer"], shown["human"]) for each in shown["answers"]] == [("三天内到账。", "转人工")]
    eve, _ = await town.customer("eve")
    for place in (room, "s_none"):
        stranger = await eve.raw("suggest_answers", conversation_id=place, text="退款多久")
        assert stranger["error"] == {"code": "not_found", "detail": "no such conversation"}
    await customer.say(room, "退款多久到账？")
    card = await customer.until("message_sent", ordinal=3)
    assert card["content"]["object_type"] == "choices"
    (bot,) = (await customer.ask("get_users", user_ids=[card["sender_id"]]))["users"]
    assert (bot["kind"], bool(bot["name"])) == ("bot", True)

    await customer.say(room, "转人工")
    told = await customer.until("case_changed", status="open")
    assert told["agent_id"] == welcome["user"]["id"]
    read = await agent.ask("get_history", conversation_id=room)
    kinds = [each["content"]["type"] for each in read["messages"] if each["content"]["type"] != "system"]
    assert kinds == ["text", "text", "card", "text", "text"]
    history = await agent.ask("get_case_history", case_id=told["case_id"])
    (why,) = [each["reason"]["data"] for each in history["events"] if each["kind"] == "handed_over"]
    assert (why["why"], why["question"]) == ("asked", "退款多久到账？")
