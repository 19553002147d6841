import asyncio
import json
from typing import Any

import pytest

from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.lifetime import State
from chaguan.gateway.websocket import close_payload, text_frame
from tests.edge_server import until
from tests.unit.gateway.scene import Scene


async def lagging(**settings: Any) -> Scene:
    scene = await Scene(outgoing_limit=10_000, **settings).greeted()
    scene.pipe.room = 500
    for number in range(300):
        scene.edge.hub.publish("room", text_frame(b'{"n":%d,"pad":"%b"}' % (number, b"x" * 80)))
        await asyncio.sleep(0)
    assert scene.session.state is State.lagging
    return scene


async def test_a_session_that_does_not_read_holds_bounded_bytes_and_still_gets_its_replies() -> None:
    scene = await lagging()
    assert scene.session.waiting() <= 10_000
    scene.say(type="list_conversations", id=8)
    await scene.settle()
    assert scene.edge.hub.stats().dropped["lagging"] > 100
    scene.pipe.room = 1 << 30
    scene.session.on_writable()
    await scene.settle()
    heard = scene.heard()
    assert heard[-1] == {"type": "resume_needed"}
    assert heard.count({"type": "resume_needed"}) == 1
    assert [each for each in heard if each.get("id") == 8]
    sequence = [each["n"] for each in heard if "n" in each]
    assert sequence == list(range(len(sequence))), "no hole before resume_needed"
    assert scene.session.state is State.ready
    scene.edge.hub.publish("room", text_frame(b'{"n":300}'))
    await scene.settle()
    assert scene.heard() == [{"n": 300}]


async def test_lagging_for_30_seconds_closes_with_4002_and_cuts_off_one_who_never_reads() -> None:
    scene = await lagging()
    await scene.pass_time(29)
    assert scene.session.state is State.lagging
    scene.say(type="heartbeat", id=9)
    await scene.pass_time(2)
    assert scene.session.state is State.closing
    assert scene.edge.closed[4002] == 1
    assert scene.session.waiting() < 1000
    await scene.pass_time(6)
    assert scene.pipe.is_aborted


async def test_replies_that_nobody_reads_stop_the_reading_of_commands() -> None:
    scene = await Scene(outgoing_limit=10_000).greeted()
    scene.pipe.room = 0
    for number in range(20):
        scene.say(type="list_conversations", id=number, cursor="1000")
        await scene.settle()
    assert scene.pipe.is_paused
    scene.pipe.room = 1 << 30
    scene.session.on_writable()
    await scene.settle()
    assert not scene.pipe.is_paused
    assert len(scene.heard()) == 20


async def test_transient_pushes_are_left_out_before_durable_ones() -> None:
    scene = await Scene(outgoing_limit=10_000).greeted()
    scene.pipe.room = 0
    scene.edge.hub.publish("room", text_frame(b"0"))
    await scene.settle()
    for number in range(70):
        scene.edge.hub.publish("room", text_frame(b'"%03d%b"' % (number, b"x" * 90)), is_transient=True)
    dropped = scene.edge.hub.dropped["transient"]
    assert 10 < dropped < 30
    scene.edge.hub.publish("room", text_frame(b'"durable"'))
    scene.pipe.room = 1 << 30
    scene.session.on_writable()
    await scene.settle()
    heard = scene.heard()
    assert heard[-1] == "durable" and len(heard) == 2 + 70 - dropped


async def test_a_push_larger_than_the_bound_still_reaches_one_who_keeps_up() -> None:
    scene = await Scene(outgoing_limit=1000).greeted()
    scene.edge.hub.publish("room", text_frame(b'"' + b"x" * 5000 + b'"'))
    scene.edge.hub.publish("room", text_frame(b"1"))
    await scene.settle()
    assert len(scene.heard()) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(ErrorCode.unauthenticated, 4003), (ErrorCode.forbidden, 4503), (ErrorCode.unavailable, 0), (None, 0)],
)
async def test_every_five_minutes_the_session_is_authorized_again(error: ErrorCode | None, code: int) -> None:
    scene = await Scene(silence_s=10_000).greeted()
    scene.dispatcher.reauthorization = AppError(error) if error else None
    await scene.pass_time(301)
    assert scene.close_code() == code


async def test_a_session_ends_when_its_token_has_expired() -> None:
    scene = Scene(silence_s=10_000, token_leeway_s=0)
    scene.dispatcher.expires_at = now_ms() + 20
    await scene.greeted()
    await until(lambda: now_ms() >= scene.dispatcher.expires_at)
    await scene.pass_time(2)
    assert scene.close_code() == 4003


async def test_draining_answers_what_is_under_way_and_names_the_delay() -> None:
    scene = await Scene().greeted()
    scene.dispatcher.gates[5] = asyncio.Event()
    scene.say(type="list_conversations", id=5)
    await scene.settle()
    scene.session.drain(700)
    scene.say(type="list_conversations", id=6)
    await scene.settle()
    (refused,) = scene.heard()
    assert refused["error"] == {"code": "unavailable", "detail": "draining", "data": {"retry_after_ms": 700}}
    scene.dispatcher.gates[5].set()
    await scene.settle()
    reply, end = scene.frames()
    assert json.loads(reply[1])["id"] == 5
    assert end[1] == close_payload(4000, "700")


async def test_draining_does_not_wait_for_ever() -> None:
    scene = await Scene().greeted()
    scene.dispatcher.gates[5] = asyncio.Event()
    scene.say(type="list_conversations", id=5)
    await scene.settle()
    scene.session.drain(700)
    await scene.pass_time(6)
    assert scene.close_code() == 4000
    scene.dispatcher.gates[5].set()
    await scene.settle()


async def test_a_lost_connection_leaves_nothing_behind_even_during_hello() -> None:
    scene = Scene()
    scene.dispatcher.hello_gate = asyncio.Event()
    scene.hello()
    await scene.settle()
    scene.session.on_lost()
    scene.dispatcher.hello_gate.set()
    await scene.settle()
    assert scene.edge.hub.local_topics() == [] and scene.edge.hub.stats().sessions == 0
    assert not scene.edge.tasks and scene.session.wheel_slot == -1
    assert scene.dispatcher.gone == ["u_1"], "told once, and after hello had made the user known"


async def test_a_command_under_way_outlives_the_connection_and_its_reply_is_dropped() -> None:
    scene = await Scene().greeted()
    scene.dispatcher.gates[5] = asyncio.Event()
    scene.say(type="list_conversations", id=5)
    await scene.settle()
    scene.session.on_lost()
    assert scene.edge.tasks
    scene.dispatcher.gates[5].set()
    await scene.settle()
    assert not scene.edge.tasks and scene.heard() == []
    assert scene.dispatcher.gone == ["u_1"]
