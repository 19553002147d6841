"""Notes among staff over real connections: who hears what, and that a customer's own client hears nothing of it."""

import asyncio
import json

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.core.caller import Role
from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from chaguan.serving import http_app
from tests.e2e.server import run
from tests.e2e.test_chat import Town

SECRET = "她上次骗了退款"


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


@pytest.fixture
async def scene(town):
    """A customer, the agent of their case, and a colleague who looks on."""
    customer, _ = await town.customer("li")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    await customer.say(room, "在吗？")
    (mei, _), (lin, welcome) = await town.agent("mei"), await town.agent("lin")
    async with asyncio.timeout(5):
        while not (desk := await mei.ask("watch_desk"))["cases"]:
            await asyncio.sleep(0.01)
    await mei.ask("take_case", case_id=desk["cases"][0]["id"])
    await lin.ask("get_conversation", conversation_id=room)
    return room, customer, mei, lin, welcome["user"]["id"]


def heard(client) -> str:
    return json.dumps(client.pushes, ensure_ascii=False)


async def write(client, room, text=SECRET, **more):
    key = uuid_text(uuid7())
    asked = {"conversation_id": room, "client_msg_id": key, "text": text, **more}
    return (await client.ask("write_note", **asked))["note"]


async def test_colleagues_hear_of_a_note_and_read_it_and_the_customer_hears_a_number(scene):
    room, customer, mei, lin, lin_id = scene
    known = await lin.ask("watch_notes", conversation_id=room)
    note = await write(mei, room, mentions=[lin_id])
    for client in (customer, mei, lin):
        push = await client.until("entry_hidden", conversation_id=room)
        assert push == {
            "type": "entry_hidden",
            "conversation_id": room,
            "seq": note["seq"],
            "created_at": note["created_at"],
        }
    found = await lin.ask("list_notes", conversation_id=room, changed_after=known.get("changed_seq", 0))
    assert [each["text"] for each in found["notes"]] == [SECRET]
    assert (await lin.until("mentioned"))["unread"] == 1
    await mei.say(room, "在的")
    await customer.until("message_sent", conversation_id=room, ordinal=2)
    assert SECRET not in heard(customer)
    welcome = await customer.ask("resume", known=[[room, 0]])
    assert SECRET not in json.dumps(welcome, ensure_ascii=False)


async def test_who_writes_a_note_is_told_to_who_may_read_notes_alone(scene):
    room, customer, mei, lin, _ = scene
    refused = await customer.raw("watch_notes", conversation_id=room)
    assert refused["error"]["code"] == "forbidden"
    await lin.ask("watch_notes", conversation_id=room)
    await mei.ask("type_note", conversation_id=room)
    assert (await lin.until("note_typing"))["conversation_id"] == room
    await lin.ask("close_conversation", conversation_id=room)
    lin.pushes.clear()
    await mei.ask("type_note", conversation_id=room)
    await mei.say(room, "在的")
    await customer.until("message_sent", ordinal=2)
    await lin.ask("heartbeat")
    for client in (customer, lin):
        assert not [push for push in client.pushes if push["type"] in ("note_typing", "typing")]


async def test_over_http_notes_are_kept_from_customers_too(scene, town):
    room, _customer, mei, _lin, _ = scene
    await write(mei, room)
    headers = {"authorization": f"Bearer {town.customer_token('li')}", "x-device-id": "li_d1"}
    transport = ASGITransport(http_app(town.running.deployment, None, {}))
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as http:
        for command in (
            {"type": "list_notes", "id": 1, "conversation_id": room},
            {"type": "pull_entries", "id": 2, "conversation_id": room, "after_seq": 0},
            {"type": "get_history", "id": 3, "conversation_id": room},
        ):
            answer = await http.post("/v1/commands", json=command, headers=headers)
            assert SECRET not in answer.text
        boss = await town.agent_token("boss", Role.admin)
        staff = {"authorization": f"Bearer {boss}", "x-device-id": "dev_boss"}
        command = {"type": "list_notes", "id": 1, "conversation_id": room}
        assert SECRET in (await http.post("/v1/commands", json=command, headers=staff)).text
