import json

import pytest

from chaguan.gateway.heartbeat import heartbeat_id, heartbeat_reply
from chaguan.gateway.lifetime import State
from chaguan.gateway.websocket import TEXT, unmask
from tests.unit.gateway.scene import Scene

MASK = b"\x37\xfa\x21\x3d"


def masked(text: bytes, first: int = 0x81, mask: bytes = MASK) -> bytes:
    return bytes((first, 0x80 | len(text))) + mask + unmask(text, mask)


@pytest.mark.parametrize("number", [0, 1, 907, 10**15 - 1])
@pytest.mark.parametrize("mask", [MASK, bytes(4), b"\xff" * 4])
def test_a_heartbeat_is_told_however_it_is_masked_and_whichever_comes_first(number: int, mask: bytes) -> None:
    for text in (b'{"type":"heartbeat","id":%d}', b'{"id":%d,"type":"heartbeat"}'):
        assert heartbeat_id(masked(text % number, mask=mask)) == b"%d" % number


@pytest.mark.parametrize(
    "text",
    [
        b'{"type":"heartbeat","id":-1}',
        b'{"type":"heartbeat","id":01}',
        b'{"type":"heartbeat","id":1.5}',
        b'{"type":"heartbeat","id":1e3}',
        b'{"type":"heartbeat","id":9007199254740993}',
        b'{"type":"heartbeat","id":"1"}',
        b'{"type":"heartbeat","id":1}}',
        b'{"type":"heartbeat","id":1}\n',
        b'{"type":"heartbeat", "id":1}',
        b'{"type":"heartbeat","id":1,"id":2}',
        b'{"type":"heartbreak","id":1}',
        "{'type':'heartbeat','id':１}".encode(),
    ],
)
def test_what_only_resembles_a_heartbeat_goes_the_usual_way(text: bytes) -> None:
    assert heartbeat_id(masked(text)) is None


def test_only_one_whole_masked_text_frame_is_a_heartbeat() -> None:
    text = b'{"type":"heartbeat","id":7}'
    good = masked(text)
    for bad in (
        good[:-1],
        good + b"\x81",
        good + good,
        masked(text, first=0x01),
        masked(text, first=0x82),
        masked(text, first=0xC1),
        masked(text, first=0x80),
        bytes((0x81, len(text))) + MASK + text,
    ):
        assert heartbeat_id(bad) is None
    assert [heartbeat_id(good[:size]) for size in range(len(good))] == [None] * len(good)


async def test_the_short_way_answers_as_the_long_one_does() -> None:
    scene = await Scene().greeted()
    assert scene.session.on_heartbeat(b"12")
    short = scene.heard()
    scene.session.on_event(TEXT, json.dumps({"type": "heartbeat", "id": 12}).encode())
    await scene.settle()
    assert short == scene.heard() == [{"type": "reply", "id": 12, "ok": None}]
    assert heartbeat_reply(b"12").endswith(b'{"type":"reply","id":12,"ok":null}')


async def test_heartbeats_of_the_short_way_prevent_the_close_for_silence() -> None:
    scene = await Scene().greeted()
    for number in range(3):
        await scene.pass_time(30)
        assert scene.session.on_heartbeat(b"%d" % number)
    assert scene.session.state is State.ready
    await scene.pass_time(46)
    assert scene.session.state is not State.ready


async def test_a_heartbeat_before_hello_or_behind_an_answer_takes_its_turn() -> None:
    scene = Scene()
    assert not scene.session.on_heartbeat(b"1")
    await scene.greeted()
    scene.session.send(heartbeat_reply(b"2"))
    assert not scene.session.on_heartbeat(b"3")


async def test_a_flood_of_heartbeats_is_refused_on_the_short_way_too() -> None:
    scene = await Scene(rate=1, burst=5, refusals_before_close=3).greeted()
    for number in range(20):
        if not scene.session.on_heartbeat(b"%d" % number):
            scene.say(type="heartbeat", id=number)
    await scene.settle()
    assert scene.session.state >= State.closing
    assert scene.edge.calls.over_rate > 3
