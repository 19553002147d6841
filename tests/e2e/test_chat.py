"""A customer and an agent over real sockets: the main job."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from chaguan.accounts.apps import AppKind, NewApp
from chaguan.accounts.sessions import Visitor
from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.core.caller import Role
from chaguan.core.clock import now_ms
from tests.e2e.server import Client, Running, run


class Town:
    """A running deployment with a shop, an app and its people."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.clients: list[Client] = []

    async def settle(self) -> None:
        accounts = self.running.deployment.accounts
        first = await accounts.first_start("茶铺")
        assert first is not None
        visitor = Visitor("127.0.0.1", "dev_owner")
        signed = await accounts.sign_in.staff(visitor, first.email, first.password)
        self.first_token = signed.access_token
        self.owner = await accounts.authenticator.recognise(signed.access_token)
        shop = await accounts.shops.choose("", "")
        created = await accounts.apps.create(
            self.owner, NewApp(shop_id=shop.id, kind=AppKind.web, name="网站")
        )
        self.app_id, self.secret = created.id, created.secret

    def customer_token(self, name: str) -> str:
        return sign_user_token(AppSecret(self.secret), self.app_id, name, now_ms())

    async def agent_token(self, name: str, role: Role = Role.agent) -> str:
        accounts = self.running.deployment.accounts
        link = await accounts.staff.invite(self.owner, f"{name}@tea.example", name, role)
        visitor = Visitor("127.0.0.1", f"dev_{name}")
        signed = await accounts.invitations.accept(visitor, link.token, name, "a long enough password")
        return signed.access_token

    async def customer(self, name: str, device: str = "d1", **fields) -> tuple[Client, dict]:
        return await self.come(self.customer_token(name), f"{name}_{device}", **fields)

    async def agent(self, name: str) -> tuple[Client, dict]:
        return await self.come(await self.agent_token(name), f"dev_{name}")

    async def come(self, token: str, device: str, **fields) -> tuple[Client, dict]:
        client = await Client.connect(self.running.url)
        self.clients.append(client)
        return client, await client.hello(token, device, **fields)


@pytest.fixture
async def town(tmp_path):
    town = Town(await run(tmp_path / "data"))
    # A server that is left behind would keep the loop from ending: what fails here must not hang there.
    try:
        await town.settle()
        yield town
    finally:
        for client in town.clients:
            await client.close()
        await town.running.stop()


async def test_a_customer_asks_and_an_agent_takes_answers_and_resolves(town):
    await play_a_case(town)


async def play_a_case(town):
    customer, welcome = await town.customer("li")
    agent, _ = await town.agent("xiaoming")
    desk = await agent.ask("watch_desk")
    assert desk["cases"] == []
    opened = await customer.ask("open_service", context={"page": "/pages/product", "product_id": "p1"})
    room = opened["view"]["conversation"]["id"]
    sent = await customer.say(room, "这款茶还有吗？")
    assert sent["seq"] == 1

    told = await agent.until("desk_changed")
    (case,) = told["cases"]
    assert case["status"] == "waiting" and case["context"]["product_id"] == "p1"
    assert told["views"][0]["last"]["content"]["text"] == "这款茶还有吗？"
    read = await agent.ask("get_history", conversation_id=room)
    assert read["messages"][0]["content"]["text"] == "这款茶还有吗？"

    taken = await agent.ask("take_case", case_id=case["id"])
    assert taken["case"]["status"] == "open"
    await agent.say(room, "有的，今天就发")
    answer = await customer.until("message_sent", sender_id=taken["case"]["agent_id"], ordinal=2)
    assert answer["content"]["text"] == "有的，今天就发"
    await customer.until("case_changed", status="open")

    await agent.ask("resolve_case", case_id=case["id"])
    await customer.until("case_changed", status="resolved")
    view = (await customer.ask("get_conversation", conversation_id=room))["view"]
    assert view["case"]["status"] == "resolved"
    refused = await agent.raw(
        "send_message", conversation_id=room, client_msg_id="0" * 36, content={"type": "text", "text": "x"}
    )
    assert refused["error"]["code"] in ("forbidden", "bad_request")
    assert welcome["user"]["kind"] == "customer"


async def test_what_was_missed_comes_with_the_next_hello(town):
    customer, first = await town.customer("li")
    agent, _ = await town.agent("hong")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    await customer.say(room, "在吗")
    await agent.ask("watch_desk")
    await town.running.deployment.desk.caught_up()
    desk = await agent.ask("watch_desk")
    await agent.ask("take_case", case_id=desk["cases"][0]["id"])
    await customer.close()
    for n in range(5):
        await agent.say(room, f"第{n}句")
    again, welcome = await town.customer("li", epoch=first["epoch"], user_version=1, known=[[room, 1]])
    (sync,) = welcome["syncs"]
    texts = [
        e["content"]["text"]
        for e in sync["entries"]
        if e["type"] == "message_sent" and e["content"]["type"] == "text"
    ]
    assert texts == [f"第{n}句" for n in range(5)]
    assert [e["seq"] for e in sync["entries"]] == list(range(2, sync["head_seq"] + 1))
    assert not sync.get("reset")
    assert again


async def test_another_customer_sees_nothing_of_it(town):
    customer, _ = await town.customer("li")
    eve, _ = await town.customer("eve")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    await customer.say(room, "秘密")
    for ask in (
        {"type": "get_history"},
        {"type": "pull_entries", "after_seq": 0},
        {"type": "get_conversation"},
        {"type": "list_members"},
        {"type": "mark_read", "seq": 1},
        {"type": "set_typing"},
    ):
        reply = await eve.raw(ask.pop("type"), conversation_id=room, **ask)
        assert reply["error"]["code"] == "not_found", reply
    assert (await eve.raw("watch_desk"))["error"]["code"] == "forbidden"
    assert not [p for p in eve.pushes if p.get("conversation_id") == room]


async def test_a_restart_of_the_server_loses_and_doubles_nothing(town, tmp_path):
    customer, _ = await town.customer("li")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    key = "018f0000-0000-7000-8000-000000000001"
    content = {"type": "text", "text": "一"}
    first = await customer.ask("send_message", conversation_id=room, client_msg_id=key, content=content)
    await customer.close()
    await town.running.stop()
    town.running = await run(tmp_path / "data")
    customer, welcome = await town.customer("li")
    again = await customer.ask("send_message", conversation_id=room, client_msg_id=key, content=content)
    assert again == first
    assert welcome["conversations"][0]["conversation"]["head_ordinal"] == 1
    assert welcome["conversations"][0]["case"]["status"] == "waiting"


async def test_a_disabled_agent_is_put_out_at_once(town):
    agent, welcome = await town.agent("gone")
    accounts = town.running.deployment.accounts
    from chaguan.accounts.staff import StaffChange

    await accounts.staff.change(town.owner, welcome["user"]["id"], StaffChange(disabled=True))
    with pytest.raises((ConnectionClosed, asyncio.CancelledError)):  # in whichever call notices
        for _ in range(100):
            await agent.ask("list_conversations")
    assert {"type": "signed_out", "reason": "disabled"} in agent.pushes


async def test_who_must_change_their_password_opens_no_session(town):
    client = await Client.connect(town.running.url)
    town.clients.append(client)
    refused = await client.raw("hello", protocol=1, token=town.first_token, device_id="dev_owner")
    assert refused["error"]["code"] == "forbidden"
    assert refused["error"]["data"]["reason"] == "must_change_password"
