import asyncio
import json
import logging
from typing import Any

import pytest

from chaguan.gateway.lifetime import State
from chaguan.gateway.websocket import BINARY, CLOSE, FAILED, PING, TEXT, close_payload, text_frame
from tests.unit.gateway.scene import Scene


async def test_hello_makes_a_session_ready_and_its_answer_comes_before_any_push() -> None:
    scene = Scene()
    scene.dispatcher.hello_gate = asyncio.Event()
    scene.hello()
    await scene.settle()
    scene.edge.hub.publish("room", text_frame(b'{"type":"early"}'))
    await scene.settle()
    assert scene.pipe.writes == []
    assert scene.session.state is State.authenticating
    scene.dispatcher.hello_gate.set()
    await scene.settle()
    assert [each["type"] for each in scene.heard()] == ["reply", "early"]
    assert scene.session.state is State.ready
    assert len(scene.pipe.writes) == 1


async def test_more_pushes_than_fit_during_hello_end_in_one_resume_needed() -> None:
    scene = Scene(outgoing_limit=1000)
    scene.dispatcher.hello_gate = asyncio.Event()
    scene.hello()
    await scene.settle()
    for _ in range(30):
        scene.edge.hub.publish("room", text_frame(b'"' + b"x" * 90 + b'"'))
    scene.dispatcher.hello_gate.set()
    await scene.settle()
    heard = scene.heard()
    assert heard[0]["type"] == "reply" and heard[-1] == {"type": "resume_needed"}
    assert 5 < len(heard) < 15
    assert scene.session.state is State.ready


@pytest.mark.parametrize(
    ("token", "code", "close"), [("refused", "unauthenticated", 4501), ("disabled", "forbidden", 4503)]
)
async def test_a_refused_hello_is_answered_and_closed(token: str, code: str, close: int) -> None:
    scene = Scene()
    scene.hello(token)
    await scene.settle()
    reply, end = scene.frames()
    assert json.loads(reply[1])["error"]["code"] == code
    assert int.from_bytes(end[1][:2], "big") == close
    assert scene.edge.hub.local_topics() == []


async def test_a_protocol_that_is_not_spoken_is_closed_with_4506() -> None:
    scene = Scene()
    scene.say(type="hello", id=1, protocol=99, token="u_1", device_id="d_1")
    await scene.settle()
    reply, end = scene.frames()
    assert json.loads(reply[1])["error"]["data"] == {"protocol": 1}
    assert end[1] == close_payload(4506, "1")


async def test_a_hello_that_meets_a_busy_server_may_be_said_again() -> None:
    scene = Scene()
    scene.hello("busy")
    await scene.settle()
    assert scene.heard()[0]["error"]["code"] == "unavailable"
    await scene.greeted()


async def test_a_command_before_hello_is_refused_and_a_second_hello_too() -> None:
    scene = Scene()
    scene.say(type="list_conversations", id=3)
    await scene.settle()
    assert scene.heard()[0]["error"]["code"] == "unauthenticated"
    assert scene.dispatcher.asked == []
    await scene.greeted()
    scene.hello()
    await scene.settle()
    assert scene.heard()[0]["error"]["code"] == "bad_request"


async def test_no_hello_within_ten_seconds_closes_also_when_the_client_chatters() -> None:
    scene = Scene()
    for at in range(9):
        await scene.pass_time(1)
        scene.say(type="heartbeat", id=at)
    await scene.settle()
    assert len(scene.heard()) == 9
    await scene.pass_time(1.5)
    assert scene.close_code() == 4004


async def test_a_hello_said_in_time_is_not_cut_off_because_its_answer_takes_longer() -> None:
    scene = Scene()
    scene.dispatcher.hello_gate = asyncio.Event()
    scene.hello()
    await scene.pass_time(15)
    assert scene.session.state is State.authenticating
    scene.dispatcher.hello_gate.set()
    await scene.settle()
    assert scene.session.state is State.ready


async def test_silence_closes_after_45_seconds_and_a_heartbeat_prevents_it() -> None:
    scene = await Scene().greeted()
    await scene.pass_time(40)
    scene.say(type="heartbeat", id=2)
    await scene.settle()
    assert scene.heard() == [{"type": "reply", "id": 2, "ok": None}]
    await scene.pass_time(44)
    assert scene.close_code() == 0
    await scene.pass_time(2)
    assert scene.close_code() == 4001


async def test_a_peer_that_does_not_answer_the_close_is_cut_off() -> None:
    scene = await Scene().greeted()
    scene.session.close(4003)
    await scene.pass_time(4)
    assert not scene.pipe.is_aborted
    await scene.pass_time(2)
    assert scene.pipe.is_aborted


async def test_answers_and_pushes_of_one_turn_leave_in_one_write() -> None:
    scene = await Scene().greeted()
    scene.pipe.writes.clear()
    scene.say(type="list_conversations", id=2)
    scene.say(type="heartbeat", id=3)
    scene.edge.hub.publish("room", text_frame(b'{"type":"a"}'))
    scene.edge.hub.publish("user:u_1", text_frame(b'{"type":"b"}'))
    await scene.settle()
    assert len(scene.pipe.writes) <= 2
    scene.pipe.writes.clear()
    for number in range(16):
        scene.edge.hub.publish("room", text_frame(b"%d" % number))
    await scene.settle()
    assert len(scene.pipe.writes) == 1


async def test_commands_begin_in_their_order_and_answer_when_they_are_done() -> None:
    scene = await Scene().greeted()
    scene.dispatcher.gates[10] = asyncio.Event()
    for number in range(10, 15):
        scene.say(type="list_conversations", id=number)
    await scene.settle()
    assert [command.id for command in scene.dispatcher.asked] == [10, 11, 12, 13, 14]
    assert [each["id"] for each in scene.heard()] == [11, 12, 13, 14]
    scene.dispatcher.gates[10].set()
    await scene.settle()
    assert [each["id"] for each in scene.heard()] == [10]


async def test_beyond_the_commands_in_flight_reading_pauses_and_nothing_is_lost() -> None:
    scene = await Scene(in_flight=4).greeted()
    for number in range(10, 14):
        scene.dispatcher.gates[number] = asyncio.Event()
    for number in range(10, 20):
        scene.say(type="list_conversations", id=number)
    await scene.settle()
    assert [command.id for command in scene.dispatcher.asked] == [10, 11, 12, 13]
    assert scene.pipe.is_paused
    for gate in scene.dispatcher.gates.values():
        gate.set()
    await scene.settle()
    await scene.settle()
    assert [command.id for command in scene.dispatcher.asked] == list(range(10, 20))
    assert sorted(each["id"] for each in scene.heard()) == list(range(10, 20))
    assert not scene.pipe.is_paused


async def test_an_unforeseen_error_is_internal_and_its_text_stays_out_of_reply_and_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = await Scene().greeted()
    with caplog.at_level(logging.ERROR):
        scene.say(type="set_typing", id=5, conversation_id="content")
        await scene.settle()
    (reply,) = scene.heard()
    assert reply["error"]["code"] == "internal"
    assert len(caplog.records) == 1
    text = caplog.text + json.dumps(reply)
    assert reply["error"]["data"]["trace_id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text and "secret" not in text and "content" not in text


async def test_an_app_error_is_a_reply() -> None:
    scene = await Scene().greeted()
    scene.say(type="get_conversation", id=6, conversation_id="c_1")
    await scene.settle()
    assert scene.heard() == [{"type": "reply", "id": 6, "error": {"code": "not_found"}}]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"nonsense", b"[" * 60_000, b'{"a":' * 10_000, b"[]", b"3", b'{"type":"heartbeat"}']
)
async def test_what_is_no_command_and_has_no_id_closes_with_4500(text: bytes) -> None:
    scene = await Scene().greeted()
    scene.session.on_event(TEXT, text)
    await scene.settle()
    assert scene.close_code() == 4500


@pytest.mark.parametrize(
    "command",
    [
        {"type": "no_such_command"},
        {"type": "list_conversations", "limit": "many"},
        {"type": "list_conversations", "limit": 10_000},
        {"type": "get_conversation"},
        {},
    ],
)
async def test_a_wrong_command_with_an_id_is_a_bad_request(command: dict[str, Any]) -> None:
    scene = await Scene().greeted()
    scene.say(id=7, **command)
    await scene.settle()
    (reply,) = scene.heard()
    assert (reply["id"], reply["error"]["code"]) == (7, "bad_request")


async def test_an_unknown_field_is_ignored() -> None:
    scene = await Scene().greeted()
    scene.say(type="list_conversations", id=7, brand_new=True)
    await scene.settle()
    assert "ok" in scene.heard()[0]


async def test_bad_frames_without_end_close_the_session() -> None:
    scene = await Scene(bad_frames_before_close=10).greeted()
    for number in range(20):
        scene.say(type="no_such_command", id=number)
    await scene.settle()
    frames = scene.frames()
    assert len(frames) == 12 and frames[-1][0] == CLOSE
    assert int.from_bytes(frames[-1][1][:2], "big") == 4500


async def test_a_client_newer_than_the_server_is_not_sent_away_for_its_unknown_commands() -> None:
    scene = await Scene(bad_frames_before_close=10).greeted()
    for number in range(50):
        scene.say(type="from_the_future", id=2 * number)
        scene.say(type="heartbeat", id=2 * number + 1)
    await scene.settle()
    assert len(scene.heard()) == 100
    assert scene.session.state is State.ready


async def test_a_flood_is_refused_with_a_delay_and_then_sent_away() -> None:
    scene = await Scene(rate=10, burst=20, refusals_before_close=30).greeted()
    for number in range(1000):
        scene.say(type="list_conversations", id=number)
    await scene.settle()
    await scene.settle()
    frames = scene.frames()
    assert int.from_bytes(frames[-1][1][:2], "big") == 4005
    refusals = [json.loads(body) for opcode, body in frames if b"rate_limited" in body]
    assert len(refusals) == 31 and refusals[0]["error"]["data"]["retry_after_ms"] == 250
    assert len(scene.dispatcher.asked) <= 20


async def test_one_who_waits_after_a_refusal_may_go_on() -> None:
    scene = await Scene(rate=10, burst=20).greeted()
    for number in range(25):
        scene.say(type="list_conversations", id=number)
    await scene.pass_time(1)
    scene.heard()
    scene.say(type="list_conversations", id=99)
    await scene.settle()
    assert "ok" in scene.heard()[0]


async def test_binary_is_refused_and_ping_is_answered() -> None:
    scene = await Scene().greeted()
    scene.session.on_event(PING, b"are you there")
    await scene.settle()
    assert scene.frames() == [(10, b"are you there")]
    scene.session.on_event(BINARY, b"\x00")
    await scene.settle()
    assert scene.close_code() == 1003


async def test_a_close_is_echoed_and_a_violation_is_answered_with_its_code() -> None:
    scene = await Scene().greeted()
    scene.session.on_event(CLOSE, close_payload(1001))
    assert scene.close_code() == 1001 and scene.pipe.is_finished
    other = await Scene().greeted()
    other.session.on_event(FAILED, close_payload(1007, "not UTF-8"))
    assert other.close_code() == 1007 and other.pipe.is_finished
