"""Whatever strangers send gets a defined answer, costs little, is logged without content and harms nobody else."""

import asyncio
import base64
import json
import os

import pytest
import websockets
from websockets.exceptions import ConnectionClosed

from chaguan.core.clock import now_ms
from tests.e2e.process import Served
from tests.e2e.server import Client

SECRET = "绝密的一句话"  # in every bad input: it must never be in the log


@pytest.fixture
async def served(tmp_path):
    served = Served(tmp_path / "data")
    try:
        yield await (await served.start()).set_up()
    finally:
        served.stop()


async def closes(url: str, *frames: str | bytes, first: str = "") -> int:
    """The close code that these frames get."""
    async with websockets.connect(url, compression=None) as socket:
        try:
            for frame in (*([first] if first else []), *frames):
                await socket.send(frame)
            async with asyncio.timeout(15):
                while True:
                    await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def hello(token: str, **fields: object) -> str:
    return json.dumps({"type": "hello", "id": 1, "protocol": 1, "token": token, "device_id": "d", **fields})


def forged(token: str, **claims: object) -> str:
    """The same token with other claims and the old signature."""
    head, body, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**decoded, **claims}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


async def test_malformed_frames_get_their_close_codes(served):
    expected = {
        "not json " + SECRET: 4500,
        "[" * 20_000: 4500,
        '{"no": "id"}': 4500,
        "null": 4500,
        b"\x00binary": 1003,
        json.dumps({"type": "heartbeat", "id": 1, "text": "茶" * 70_000}): 1009,
        hello("x.y.z" + SECRET): 4501,
        hello(served.token("li"), protocol=99): 4506,
    }
    for frame, code in expected.items():
        assert await closes(served.url, frame) == code, frame[:40]
    unknown = json.dumps({"type": "no_such_command", "id": 7, "text": SECRET})
    assert await closes(served.url, *[unknown] * 20) == 4500


async def test_tokens_that_are_not_good_open_nothing(served):
    good = served.token("li")
    unsigned = (
        base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode() + "." + good.split(".")[1] + "."
    )
    long_ago = served.token("li", now_ms() - 8 * 24 * 3_600_000)
    other_app = forged(good, app="a_" + "a" * 26)
    for token in (forged(good, sub="eve"), unsigned, long_ago, other_app, good[:-3], "x" * 4_000):
        assert await closes(served.url, hello(token)) == 4501, token[:40]
        status, answer = await served.http("POST", "/v1/commands", {"type": "list_contacts", "id": 1}, token)
        assert (status, answer["error"]["code"]) == (401, "unauthenticated")
        poll = {"type": "poll", "protocol": 1, "token": token, "device_id": "d", "wait_s": 0}
        assert (await served.http("POST", "/v1/poll", poll))[0] == 401
    assert (await served.http("POST", "/v1/commands", {"type": "list_contacts", "id": 1}))[0] == 401


async def test_commands_out_of_order_are_answered_and_harm_nothing(served):
    client = await Client.connect(served.url)
    assert (await client.raw("list_conversations"))["error"]["code"] == "unauthenticated"
    await client.hello(served.token("li"), "d")
    assert (await client.raw("hello", protocol=1, token="x", device_id="d"))["error"]["code"] == "bad_request"
    room = (await client.ask("open_service"))["view"]["conversation"]["id"]
    key = "018f0000-0000-7000-8000-000000000001"
    text = {"type": "text", "text": "一"}
    first = await client.ask("send_message", conversation_id=room, client_msg_id=key, content=text)
    assert await client.ask("send_message", conversation_id=room, client_msg_id=key, content=text) == first
    other = {"type": "text", "text": SECRET}
    replayed = await client.raw("send_message", conversation_id=room, client_msg_id=key, content=other)
    assert replayed["error"]["code"] == "conflict"
    for fields in (
        {"content": {"type": "text", "text": ""}},
        {"content": {"type": "text", "text": "茶" * 5_001}},
        {"content": {"type": "system", "name": "case_taken"}},
        {"content": {"type": "image", "media_id": "m_of_somebody_else"}},
        {"content": {"type": "from_the_future"}},
        {"content": {"type": "custom", "name": "x", "data": {"a": SECRET * 1_000}, "fallback": "x"}},
        {"content": text, "client_msg_id": "short"},
        {"content": text, "quote_seq": 99},
    ):
        ready = {"conversation_id": room, "client_msg_id": "018f0000-0000-7000-8000-0000000000ff", **fields}
        assert (await client.raw("send_message", **ready))["error"]["code"] in (
            "bad_request", "too_large", "not_found",
        ), fields  # fmt: skip
    assert [each["seq"] for each in await client.messages(room) if each["content"]["type"] == "text"] == [1]
    await client.close()


async def test_ids_and_links_of_others_open_nothing(served):
    li, room = await served.customer("li")
    await li.say(room, SECRET)
    eve, _ = await served.customer("eve")
    for type, fields in (("get_history", {}), ("pull_entries", {"after_seq": 0}), ("mark_read", {"seq": 1})):
        assert (await eve.raw(type, conversation_id=room, **fields))["error"]["code"] == "not_found"
    welcome = await eve.ask("resume", epoch=None, user_version=0, known=[[room, 0]])
    assert SECRET not in json.dumps(welcome, ensure_ascii=False)
    for path in (
        f"/v1/media/m_{'a' * 26}",
        f"/v1/media/m_{'a' * 26}?exp=9999999999&sig=AAAA",
        "/v1/media/..%2f..%2fmaster.key",
    ):
        assert (await served.http("GET", path))[0] in (400, 403, 404), path
    for client in (li, eve):
        await client.close()


async def test_bad_bodies_get_their_status(served):
    token = served.token("li")
    for body, statuses in (
        (b"not json", (400,)),
        (b"[" * 20_000, (400,)),
        (b'{"type": "list_contacts"}', (400,)),
        (b'{"type": "list_contacts", "id": 1, "query": "' + b"x" * 70_000 + b'"}', (413,)),
        (b"\xff\xfe\x00", (400,)),
    ):
        status, answer = await served.http("POST", "/v1/commands", body, token)
        assert status in statuses and answer["error"]["code"] in ("bad_request", "too_large"), body[:40]
    assert (
        await served.http(
            "POST", "/v1/media", b"--x\r\nnonsense", token, Content_Type="multipart/form-data; boundary=x"
        )
    )[0] == 400
    assert (await served.http("DELETE", "/v1/commands", None, token))[0] == 405
    assert (await served.http("GET", "/v1/nowhere", None, token))[0] == 404


async def test_an_innocent_client_notices_nothing_and_memory_stays(served):
    li, room = await served.customer("li")
    await attack(served)  # what is made once is made now
    before = served.memory()
    said = 0
    for _ in range(6):
        attacking = asyncio.create_task(attack(served))
        while not attacking.done() or said % 5:
            assert (await li.say(room, f"第{said}句"))["seq"]
            said += 1
            await asyncio.sleep(0.02)
        await attacking
    async with asyncio.timeout(20):
        while (await served.http("GET", "/health"))[1]["sessions"] > 1:  # nothing of the attackers stays
            await asyncio.sleep(0.05)
    assert served.memory() - before < 32 * 1024 * 1024
    texts = [each["content"].get("text") for each in await li.messages(room)]
    assert [text for text in texts if text] == [f"第{n}句" for n in range(said)]
    await li.close()
    log = served.log
    assert SECRET not in log and "Traceback" not in log and "第0句" not in log


async def attack(served: Served) -> None:
    works = [closes(served.url, SECRET + "{") for _ in range(10)]
    works += [
        closes(served.url, json.dumps({"type": "heartbeat", "id": 1, "x": SECRET * 20_000})) for _ in range(5)
    ]
    works += [closes(served.url, os.urandom(200)) for _ in range(5)]
    works += [closes(served.url, hello(forged(served.token("li"), sub=SECRET))) for _ in range(5)]
    await asyncio.gather(*works, *(raw(served, os.urandom(3_000)) for _ in range(10)))


async def raw(served: Served, data: bytes) -> None:
    """Bytes that are no HTTP at all."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(data)
    async with asyncio.timeout(15):
        try:
            await writer.drain()
            writer.write_eof()
            await reader.read()
        except (ConnectionError, OSError):
            pass  # thrown out: as good an answer as any
    writer.close()


async def test_json_nested_too_deeply_is_refused_and_never_becomes_a_message_that_nobody_can_read(served):
    """Once such a message was stored, no device of anybody in its conversation could say hello any more."""
    li, room = await served.customer("li")
    key, token = "018f0000-0000-7000-8000-0000000000ee", served.token("li")

    async def ask(command: str, data: str) -> tuple[int, dict]:
        body = command.replace("ROOM", room).replace("KEY", key).replace("DATA", data).encode()
        return await served.http("POST", "/v1/commands", body, token, X_Device_Id="d_li")

    say = (
        '{"type":"send_message","id":1,"conversation_id":"ROOM","client_msg_id":"KEY",'
        '"content":{"type":"custom","name":"x","fallback":"x","data":DATA}}'
    )
    arrive = '{"type":"open_service","id":1,"context":DATA}'
    for depth in (33, 300, 900, 940, 960, 970, 980, 990, 2_000):
        for deep in (
            '{"a":' * depth + "1" + "}" * depth,
            '{"a":' + "[" * depth + "]" * depth + "}",
        ):
            for command in (say, arrive):
                status, answer = await ask(command, deep)
                assert (status, answer["error"]["code"]) == (400, "bad_request"), depth
    allowed = '{"a":' * 32 + "1" + "}" * 32
    for command in (say, arrive):
        assert (await ask(command, allowed))[0] == 200
    owner = await served.owner()
    assert len((await owner.ask("watch_desk"))["cases"]) == 1
    for reader in (li, owner):
        (message,) = (await reader.ask("get_history", conversation_id=room))["messages"]
        assert message["content"]["data"] == json.loads(allowed)
        await reader.close()


async def test_a_name_cannot_hide_or_turn_what_stands_beside_it(served):
    owner = await served.owner()
    made = {"client_msg_id": "018f0000-0000-7000-8000-0000000000aa", "member_ids": []}
    for nothing in ("\u200b", "\u202e", "\x00 \ufeff"):
        assert (await owner.raw("create_group", name=nothing, **made))["error"]["code"] == "bad_request"
    group = (await owner.ask("create_group", name="\u202e茶\x00 友\u2066", **made))["view"]["conversation"]
    assert group["name"] == "茶 友"
    key = "018f0000-0000-7000-8000-0000000000ab"
    await owner.ask("update_conversation", conversation_id=group["id"], client_msg_id=key, name="\u202e新")
    found = await owner.ask("get_conversation", conversation_id=group["id"])
    assert found["view"]["conversation"]["name"] == "新"
    poll = {"type": "poll", "protocol": 1, "token": served.token("li"), "device_id": "d\x00", "wait_s": 0}
    assert (await served.http("POST", "/v1/poll", poll))[0] == 400
    await owner.close()


async def test_commands_by_http_are_counted_as_those_of_a_session_are(served):
    token, command = served.token("li"), {"type": "list_contacts", "id": 1}
    answers = [
        await asyncio.gather(*(served.http("POST", "/v1/commands", command, token) for _ in range(30)))
        for _ in range(8)
    ]
    busy = [answer for batch in answers for status, answer in batch if status == 429]
    assert busy and all(answer["error"]["data"]["retry_after_ms"] for answer in busy)
    poll = {"type": "poll", "protocol": 1, "token": token, "device_id": "d", "wait_s": 0}
    assert (await served.http("POST", "/v1/poll", poll))[0] in (200, 429)
    assert (await served.http("POST", "/v1/commands", command, served.token("mei")))[0] == 200
