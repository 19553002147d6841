"""Two gateways, one PostgreSQL, one Valkey: what is said and done at one takes effect at the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chaguan.accounts.shops import ShopChange
from chaguan.accounts.staff import StaffChange
from chaguan.core.caller import Role
from chaguan.core.ids import uuid7
from chaguan.gateway import relay
from chaguan.health import Health
from chaguan.messaging.model import uuid_text
from chaguan.protocol.errors import CloseCode
from tests.e2e.server import Client, run
from tests.e2e.test_chat import Town
from tests.edge_server import until
from tools.servers.valkey import Single


class Pair:
    def __init__(self, here: Town, there: Town, valkey: Single) -> None:
        self.here = here
        self.there = there
        self.valkey = valkey

    async def group(self, *names: str) -> tuple[str, list[Client]]:
        """A group of staff, who come in turn to the one and the other node; the first owns it."""
        clients, ids = [], []
        for number, name in enumerate(names):
            token = await self.here.agent_token(name)
            town = self.there if number % 2 else self.here
            client, welcome = await town.come(token, f"dev_{name}")
            clients.append(client)
            ids.append(welcome["user"]["id"])
        opened = await clients[0].ask(
            "create_group", name="tea", member_ids=ids[1:], client_msg_id=uuid_text(uuid7())
        )
        group = opened["view"]["conversation"]["id"]
        for client in clients[1:]:
            await _knows(client, group)
        self.ids = dict(zip(names, ids, strict=True))
        return group, clients

    def linked(self, wanted: bool) -> bool:
        return all(town.running.deployment.broker.is_linked is wanted for town in (self.here, self.there))

    async def cut(self) -> None:
        await asyncio.to_thread(self.valkey.server.kill)
        await until(lambda: self.linked(False))

    async def mend(self) -> None:
        await asyncio.to_thread(self.valkey.server.start)
        await until(lambda: self.linked(True), 10)


async def _knows(client: Client, conversation_id: str) -> None:
    def told() -> bool:
        views = [view for push in client.pushes for view in push.get("conversations", ())]
        return any(view["conversation"]["id"] == conversation_id for view in views)

    await until(told)


def key() -> str:
    return uuid_text(uuid7())


def texts(client: Client, conversation_id: str) -> list[str]:
    return [
        push["content"]["text"]
        for push in client.pushes
        if push["type"] == "message_sent" and push["conversation_id"] == conversation_id
    ]


def seqs(client: Client, conversation_id: str) -> list[int]:
    return [
        push["seq"]
        for push in client.pushes
        if push.get("conversation_id") == conversation_id and "seq" in push
    ]


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> AsyncIterator[Pair]:
    monkeypatch.setattr(relay, "REPAIR_S", 0.2)
    with Single() as valkey:
        towns: list[Town] = []
        try:
            for _ in range(2):
                node = await run(
                    tmp_path / "data", database_url=database_url, redis_url=valkey.url, nodes=2, search=False
                )
                towns.append(Town(node))
            here, there = towns
            await here.settle()
            there.owner, there.app_id, there.secret = here.owner, here.app_id, here.secret
            yield Pair(here, there, valkey)
        finally:
            for town in towns:
                for client in town.clients:
                    await client.close()
                await town.running.stop()


async def test_what_is_said_at_one_node_arrives_at_the_other(pair: Pair) -> None:
    group, (ming, hong) = await pair.group("ming", "hong")
    await ming.say(group, "from here")
    await hong.until("message_sent", conversation_id=group)
    await hong.say(group, "from there")
    await until(lambda: texts(ming, group) == ["from here", "from there"])


async def test_a_direct_conversation_spans_the_nodes(pair: Pair) -> None:
    _, (ming, hong) = await pair.group("ming", "hong")
    opened = await ming.ask("create_direct", user_id=pair.ids["hong"])
    room = opened["view"]["conversation"]["id"]
    await ming.say(room, "one")
    await hong.say(room, "two")
    await ming.say(room, "three")
    for client in (ming, hong):
        await until(lambda client=client: texts(client, room) == ["one", "two", "three"])
    await hong.ask("mark_read", conversation_id=room, seq=3)
    assert (await ming.until("mark_moved", conversation_id=room))["read_seq"] == 3


async def test_many_who_write_at_both_nodes_are_read_in_order_by_all(pair: Pair) -> None:
    group, clients = await pair.group("ming", "hong", "lan", "bo")
    for round_ in range(10):
        await asyncio.gather(*(client.say(group, f"{round_}") for client in clients))
    for client in clients:
        await until(lambda client=client: len(texts(client, group)) == 40)
        found = seqs(client, group)
        assert found == sorted(set(found))


async def test_who_is_removed_at_one_node_hears_nothing_more_at_the_other(pair: Pair) -> None:
    group, (ming, hong, lan) = await pair.group("ming", "hong", "lan")
    await ming.ask(
        "remove_member", conversation_id=group, user_id=pair.ids["hong"], client_msg_id=uuid_text(uuid7())
    )
    await hong.until("member_left", conversation_id=group)
    await ming.say(group, "about hong")
    await until(lambda: texts(lan, group) == ["about hong"])
    reply = await hong.raw(
        "send_message",
        conversation_id=group,
        client_msg_id=uuid_text(uuid7()),
        content={"type": "text", "text": "?"},
    )
    assert reply["error"]["code"] == "forbidden"
    history = await hong.ask("get_history", conversation_id=group)
    assert [message["content"]["text"] for message in history["messages"]] == []
    assert texts(hong, group) == []


async def test_who_joins_at_one_node_hears_everything_after_at_the_other(pair: Pair) -> None:
    group, (ming, _) = await pair.group("ming", "hong")
    token = await pair.here.agent_token("new")
    new, welcome = await pair.there.come(token, "dev_new")
    await ming.ask(
        "add_members",
        conversation_id=group,
        user_ids=[welcome["user"]["id"]],
        client_msg_id=uuid_text(uuid7()),
    )
    for number in range(5):
        await ming.say(group, f"{number}")
    await until(lambda: texts(new, group) == ["0", "1", "2", "3", "4"])


class Late:
    """The other node, which gets to read who joined, and what was said before, only when it is let."""

    def __init__(self, town: Town) -> None:
        deployment: Any = town.running.deployment
        self.relay = deployment.others.relay
        self._logs = logs = self.relay._logs
        self._joined, self._since = logs.joined, logs.since
        self.may_join, self.is_reading, self.may_read = asyncio.Event(), asyncio.Event(), asyncio.Event()
        logs.joined, logs.since = self.joined, self.since

    async def joined(self, *arguments: Any) -> Any:
        await self.may_join.wait()
        return await self._joined(*arguments)

    async def since(self, *arguments: Any) -> Any:
        self.is_reading.set()
        found = await self._since(*arguments)
        await self.may_read.wait()
        return found

    async def heard(self, conversation_id: str, seq: int) -> None:
        await until(lambda: self.relay._order.last(conversation_id, conversation_id) == seq)


async def test_who_joins_hears_in_order_what_was_said_before_and_while_it_is_read(pair: Pair) -> None:
    group, (ming,) = await pair.group("ming")
    new, welcome = await pair.there.come(await pair.here.agent_token("new"), "dev_new")
    late = Late(pair.there)
    added = {"user_ids": [welcome["user"]["id"]], "client_msg_id": key()}
    await ming.ask("add_members", conversation_id=group, **added)
    await ming.say(group, "before")
    late.may_join.set()
    await asyncio.wait_for(late.is_reading.wait(), 5)
    sent = await ming.say(group, "meanwhile")
    await late.heard(group, sent["seq"])
    late.may_read.set()
    await ming.say(group, "after")
    await until(lambda: len(texts(new, group)) == 3)
    assert texts(new, group) == ["before", "meanwhile", "after"]


async def test_who_is_removed_while_that_is_read_hears_nothing(pair: Pair) -> None:
    group, (ming,) = await pair.group("ming")
    new, welcome = await pair.there.come(await pair.here.agent_token("new"), "dev_new")
    late, id = Late(pair.there), welcome["user"]["id"]
    await ming.ask("add_members", conversation_id=group, user_ids=[id], client_msg_id=key())
    await ming.say(group, "before")
    late.may_join.set()
    await asyncio.wait_for(late.is_reading.wait(), 5)
    await ming.ask("remove_member", conversation_id=group, user_id=id, client_msg_id=key())
    sent = await ming.say(group, "about new")
    await late.heard(group, sent["seq"])
    late.may_read.set()
    direct = (await ming.ask("create_direct", user_id=id))["view"]["conversation"]["id"]
    await ming.say(direct, "sorry")
    await until(lambda: texts(new, direct) == ["sorry"])
    assert texts(new, group) == []


async def test_signing_out_at_one_node_closes_that_device_at_the_other(pair: Pair) -> None:
    accounts = pair.here.running.deployment.accounts
    _, (_, hong) = await pair.group("ming", "hong")
    await accounts.devices.revoke_of(pair.here.owner, pair.ids["hong"], "dev_hong")
    await hong.ended()
    assert hong.close_code == CloseCode.UNAUTHENTICATED
    assert any(push["type"] == "signed_out" for push in hong.pushes)


async def test_another_role_given_at_one_node_makes_sessions_at_the_other_come_back(pair: Pair) -> None:
    accounts = pair.here.running.deployment.accounts
    _, (_, hong) = await pair.group("ming", "hong")
    await accounts.staff.change(pair.here.owner, pair.ids["hong"], StaffChange(role=Role.member))
    await hong.ended()
    assert hong.close_code == CloseCode.REAUTHORIZE


async def test_news_of_a_sign_out_does_not_reach_who_signed_in_after_it(pair: Pair) -> None:
    _, (_, hong) = await pair.group("ming", "hong")
    # As it arrives when the new session was faster: the database says that it is welcome.
    pair.here.running.deployment.accounts.authenticator.sign_out(pair.ids["hong"], None, "password_changed")
    await pair.here.running.deployment.accounts.shops.create(
        pair.here.owner, ShopChange(name="news behind it")
    )
    held = pair.there.running.deployment.accounts.shops
    await until(lambda: held._held is None)
    assert (await hong.ask("list_conversations"))["conversations"]


async def test_typing_and_presence_cross_over(pair: Pair) -> None:
    group, (ming, hong) = await pair.group("ming", "hong")
    await ming.ask("set_typing", conversation_id=group)
    await hong.until("typing", user_id=pair.ids["ming"])
    shown = await ming.ask("watch_presence", user_ids=[pair.ids["hong"]])
    assert shown["presences"][0]["online"] is True
    await hong.close()
    told = await ming.until("presence_changed", user_id=pair.ids["hong"])
    assert told["online"] is False and told["seen_at"] > 0


async def test_the_limit_of_a_conversation_holds_for_both_nodes_together(pair: Pair) -> None:
    group, (ming, hong) = await pair.group("ming", "hong")

    async def flood(client: Client) -> int:
        replies = await asyncio.gather(
            *(
                client.raw(
                    "send_message",
                    conversation_id=group,
                    client_msg_id=uuid_text(uuid7()),
                    content={"type": "text", "text": "x"},
                )
                for _ in range(60)
            )
        )
        return sum("ok" in reply for reply in replies)

    first = int(
        time.time()
    )  # the limit counts by the second of the clock, and hears of the other node's count soon
    allowed = await flood(ming) + await flood(hong)
    assert 40 <= allowed <= 40 * (int(time.time()) - first + 2)


async def test_without_valkey_each_node_goes_on_and_afterwards_nothing_lacks(pair: Pair) -> None:
    group, (ming, hong, lan) = await pair.group("ming", "hong", "lan")
    await pair.cut()
    report = await Health(pair.here.running.deployment).report()
    assert report.status == "degraded" and "Redis can't be reached" in report.reasons[0]
    await ming.say(group, "alone")
    await until(lambda: texts(lan, group) == ["alone"])
    assert texts(hong, group) == []
    # Who says something is told by the log what was said elsewhere meanwhile.
    await hong.say(group, "me too")
    await until(lambda: texts(hong, group) == ["alone", "me too"])
    await ming.say(group, "last")
    await until(lambda: texts(lan, group) == ["alone", "me too", "last"])
    await pair.mend()
    for client in (ming, hong, lan):
        await client.until("resume_needed")
    resumed = await hong.ask("resume", epoch=None, user_version=1, known=[[group, 2]])
    assert [entry["content"]["text"] for entry in resumed["syncs"][0]["entries"]] == ["last"]
    await ming.say(group, "together")
    await until(lambda: texts(hong, group)[-1] == "together")
    assert (await Health(pair.here.running.deployment).report()).status == "ok"


async def test_who_is_removed_while_valkey_is_away_hears_nothing_more_when_it_is_back(pair: Pair) -> None:
    group, (ming, hong, _, bo) = await pair.group("ming", "hong", "lan", "bo")
    await pair.cut()
    await ming.ask("remove_member", conversation_id=group, user_id=pair.ids["hong"], client_msg_id=key())
    # Who comes while it is away is held to it, too.
    token = await pair.here.agent_token("late")
    late, welcome = await pair.there.come(token, "dev_late")
    await ming.ask(
        "add_members", conversation_id=group, user_ids=[welcome["user"]["id"]], client_msg_id=key()
    )
    await late.close()
    late, _ = await pair.there.come(token, "dev_late")
    await ming.ask("remove_member", conversation_id=group, user_id=welcome["user"]["id"], client_msg_id=key())
    await pair.mend()
    for client in (hong, late, bo):
        await client.until("resume_needed")
    await ming.say(group, "about them")
    await until(lambda: texts(bo, group) == ["about them"])
    assert texts(hong, group) == texts(late, group) == []


async def test_who_is_removed_in_a_gap_too_large_to_fill_hears_nothing_after_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MAX_FILL", 2)
    group, (ming, hong, _, bo) = await pair.group("ming", "hong", "lan", "bo")
    broker: Any = pair.here.running.deployment.broker
    publish, broker.publish = broker.publish, lambda *_args, **_options: None
    await ming.ask("remove_member", conversation_id=group, user_id=pair.ids["hong"], client_msg_id=key())
    for number in range(3):
        await ming.say(group, f"lost {number}")
    broker.publish = publish
    await ming.say(group, "heard")
    await bo.until("resume_needed")
    await ming.say(group, "about hong")
    await until(lambda: texts(bo, group)[-1:] == ["about hong"])
    assert texts(hong, group) == []


async def test_who_was_brought_in_and_removed_is_not_brought_in_by_news_that_comes_late(pair: Pair) -> None:
    group, (ming, hong, _, bo) = await pair.group("ming", "hong", "lan", "bo")
    await ming.ask("remove_member", conversation_id=group, user_id=pair.ids["hong"], client_msg_id=key())
    await hong.until("member_left", conversation_id=group)
    others: Any = pair.there.running.deployment.others
    await others.relay._follow(pair.ids["hong"], group, 1)
    await ming.say(group, "about hong")
    await until(lambda: texts(bo, group) == ["about hong"])
    assert texts(hong, group) == []


async def test_who_is_brought_in_while_valkey_is_away_hears_what_is_said_when_it_is_back(pair: Pair) -> None:
    _, (ming, hong) = await pair.group("ming", "hong")
    await pair.cut()
    opened = await ming.ask("create_group", name="new", member_ids=[pair.ids["hong"]], client_msg_id=key())
    group = opened["view"]["conversation"]["id"]
    await pair.mend()
    await hong.until("resume_needed")
    await ming.say(group, "welcome")
    await until(lambda: texts(hong, group) == ["welcome"])


async def test_a_last_push_that_got_lost_is_found_by_the_announcer(pair: Pair) -> None:
    group, (ming, hong) = await pair.group("ming", "hong")
    await ming.say(group, "heard")
    await until(lambda: texts(hong, group) == ["heard"])
    broker: Any = pair.here.running.deployment.broker
    publish, broker.publish = broker.publish, lambda *_args, **_options: None
    await ming.say(group, "lost on the way")
    broker.publish = publish
    await until(lambda: texts(hong, group) == ["heard", "lost on the way"], 12)


async def test_a_block_holds_at_the_other_node_at_once(pair: Pair) -> None:
    _, (ming, hong) = await pair.group("ming", "hong")
    opened = await ming.ask("create_direct", user_id=pair.ids["hong"])
    room = opened["view"]["conversation"]["id"]
    await ming.say(room, "hello")
    await hong.until("message_sent", conversation_id=room)
    await hong.ask("set_block", user_id=pair.ids["ming"], on=True)
    reply = await ming.raw(
        "send_message",
        conversation_id=room,
        client_msg_id=uuid_text(uuid7()),
        content={"type": "text", "text": "still there?"},
    )
    assert reply["error"]["code"] == "forbidden"


async def test_pushes_that_no_process_follows_are_few(pair: Pair) -> None:
    """`is_followed` says yes for every topic where there are others. What that costs: docs/adr/0017."""
    group, (ming, _) = await pair.group("ming", "hong")
    direct = (await ming.ask("create_direct", user_id=pair.ids["hong"]))["view"]["conversation"]["id"]
    customer, _ = await pair.here.customer("li")
    case = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    broker = pair.here.running.deployment.broker
    shares = {}
    for name, client, room in (("group", ming, group), ("direct", ming, direct), ("service", customer, case)):
        before = dict(broker.figures)
        for n in range(30):
            await client.say(room, str(n))
        published, unheard = (broker.figures[name] - before[name] for name in ("published", "unheard"))
        shares[name] = (published / 30, unheard / 30)
    print({name: tuple(round(value, 2) for value in found) for name, found in shares.items()})
    assert all(published < 4 for published, _ in shares.values())
