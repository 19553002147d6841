"""Commands that the dispatcher answers without a task: the same promises as for those that have one."""

import asyncio
import json
import logging

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.websocket import text_frame
from tests.unit.gateway.scene import Scene


async def scene_with(*at_once: int) -> Scene:
    scene = await Scene(in_flight=2).greeted()
    scene.dispatcher.at_once = set(at_once)
    return scene


async def test_the_reply_leaves_in_one_write_with_the_push_of_the_same_turn() -> None:
    scene = await scene_with(5)
    scene.say(type="list_conversations", id=5)
    assert not scene.edge.tasks
    before = len(scene.pipe.writes)
    scene.edge.hub.publish("room", text_frame(b'{"type":"push"}'))
    scene.dispatcher.begun[0].settle({"seq": 7})
    await scene.settle()
    assert len(scene.pipe.writes) == before + 1
    assert scene.heard() == [{"type": "push"}, {"type": "reply", "id": 5, "ok": {"seq": 7}}]


async def test_it_does_not_overtake_a_command_that_came_before_and_has_a_task() -> None:
    scene = await scene_with(6)
    scene.say(type="list_conversations", id=5)
    scene.say(type="list_conversations", id=6)
    await scene.settle()
    assert [command.id for command in scene.dispatcher.asked] == [5, 6]
    assert not scene.dispatcher.begun, "it took the same way, behind the other"
    scene.say(type="list_conversations", id=6)
    assert len(scene.dispatcher.begun) == 1, "and goes the short way again when nothing is before it"


async def test_it_counts_among_the_commands_that_may_be_under_way() -> None:
    scene = await scene_with(5, 6, 7)
    for command_id in (5, 6, 7):
        scene.say(type="list_conversations", id=command_id)
    assert len(scene.dispatcher.begun) == 2 and scene.pipe.is_paused
    scene.dispatcher.begun[0].settle(None)
    await scene.settle()
    assert len(scene.dispatcher.begun) == 3 and not scene.pipe.is_paused


async def test_thousands_of_refused_commands_that_waited_are_each_answered() -> None:
    scene = await Scene(in_flight=1, rate=1e6, burst=10_000).greeted()
    scene.dispatcher.at_once = set(range(5, 3_000))
    scene.say(type="list_conversations", id=5)
    for command_id in range(6, 3_000):
        scene.say(type="get_conversation", id=command_id, conversation_id="c_1")
    scene.dispatcher.begun[0].settle(None)
    await scene.settle()
    assert [reply["id"] for reply in scene.heard()] == list(range(5, 3_000))
    assert not scene.pipe.is_paused


async def test_a_refusal_that_comes_later_is_a_reply_and_is_counted() -> None:
    scene = await scene_with(5)
    scene.say(type="list_conversations", id=5)
    scene.dispatcher.begun[0].settle(AppError(ErrorCode.unavailable, retry_after_ms=9))
    await scene.settle()
    (reply,) = scene.heard()
    assert reply["error"] == {"code": "unavailable", "data": {"retry_after_ms": 9}}
    (tally,) = [t for kind, t in scene.edge.calls.tallies.items() if kind.__name__ == "ListConversations"]
    assert tally.refused == {"unavailable": 1} and not tally.ok


async def test_an_error_at_the_first_step_is_a_reply_and_its_text_is_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = await scene_with(5, 6)
    with caplog.at_level(logging.ERROR):
        scene.say(type="set_typing", id=5, conversation_id="content")
    scene.say(type="get_conversation", id=6, conversation_id="c_1")
    await scene.settle()
    broken, refused = scene.heard()
    assert broken["error"]["code"] == "internal" and refused["error"] == {"code": "not_found"}
    assert broken["error"]["data"]["trace_id"] in caplog.text
    assert "secret" not in caplog.text + json.dumps(broken)


async def test_what_is_settled_after_the_connection_was_lost_reaches_nobody_and_breaks_nothing() -> None:
    scene = await scene_with(5)
    scene.say(type="list_conversations", id=5)
    scene.session.on_lost()
    scene.dispatcher.begun[0].settle({"seq": 7})
    await scene.settle()
    assert scene.heard() == [] and scene.dispatcher.gone == ["u_1"]


async def test_a_drained_session_closes_only_after_it_was_answered() -> None:
    scene = await scene_with(5)
    scene.say(type="list_conversations", id=5)
    scene.session.drain(700)
    await scene.settle()
    assert scene.close_code() == 0
    scene.dispatcher.begun[0].settle({"seq": 7})
    await asyncio.sleep(0)
    await scene.settle()
    reply, close = scene.frames()
    assert json.loads(reply[1])["ok"] == {"seq": 7} and int.from_bytes(close[1][:2], "big") == 4000
