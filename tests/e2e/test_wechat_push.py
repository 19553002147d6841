"""What reaches the push address: WeChat's, once each; and everything that only looks like it."""

import asyncio
import json
import time
from typing import Any

import pytest

from chaguan.accounts.apps import AppChange
from chaguan.app import open_deployment
from chaguan.contact import inbox, rules, store
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Settings
from chaguan.openapi import platforms
from chaguan.platforms.sandbox import Address, Mode, Pusher
from chaguan.platforms.sandbox.contact import UNAVAILABLE
from chaguan.platforms.wechat.push import PushKeys, read_aes_key, sign
from tests.contact_stage import AES_KEY, APPID, OWNER, TOKEN, Stage, open_stage
from tests.e2e.test_wechat_contact import picture

KEYS = PushKeys(APPID, TOKEN, read_aes_key(AES_KEY))
FROM = "oStranger0123456789"


@pytest.fixture
async def stage(tmp_path):
    stage = await open_stage(tmp_path / "data")
    yield stage
    await stage.close()


@pytest.fixture
async def plain(tmp_path):
    stage = await open_stage(tmp_path / "data", aes_key="")
    yield stage
    await stage.close()


def said(text: str = "你好", id: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "ToUserName": "gh_shop",
        "FromUserName": FROM,
        "CreateTime": int(time.time()),
        "MsgType": "text",
        "Content": text,
        "MsgId": id,
        **more,
    }


def written(message: dict[str, Any], keys: PushKeys = KEYS, mode: Mode = Mode.safe) -> tuple[Any, bytes]:
    pusher = Pusher(None)  # type: ignore[arg-type]  it only writes
    return pusher.written(Address("", keys, mode), message)


async def push(stage: Stage, query: dict[str, str], body: bytes, app_id: str = "") -> tuple[int, str]:
    path = f"/v1/platforms/wechat/{app_id or stage.app_id}/push"
    answer = await stage.http.post(path, params=query, content=body)
    if answer.status_code == 200:
        return 200, answer.text
    data = answer.json()["error"]
    return answer.status_code, data.get("data", {}).get("reason", data["code"])


async def texts(stage: Stage, count: int) -> list[str]:
    room = (await stage.case())["conversation_id"]
    return [each["content"]["text"] for each in await stage.messages(room, count)]


async def test_a_push_that_is_repeated_is_answered_the_same_and_said_once(stage: Stage):
    message = said("一次")
    first = written(message)
    assert await push(stage, *first) == (200, "success")
    assert await push(stage, *first) == (200, "success")  # to the letter
    assert await push(stage, *written(message)) == (200, "success")  # signed anew
    assert await push(stage, *written(said("两次", 2))) == (200, "success")
    assert await texts(stage, 2) == ["一次", "两次"]


async def test_what_is_forged_reaches_nobody(stage: Stage):
    query, body = written(said())
    forbidden = (403, "bad_signature")
    assert await push(stage, {**query, "msg_signature": "0" * 40}, body) == forbidden
    assert await push(stage, {}, body) == forbidden
    assert await push(stage, query, body, "a_nobody") == forbidden
    assert await push(stage, *written(said(), PushKeys(APPID, "Other123", KEYS.aes_key))) == forbidden
    other = PushKeys(APPID, TOKEN, read_aes_key("B" * 43))
    assert await push(stage, *written(said(), other)) == (400, "malformed")
    elsewhere = PushKeys("wxelsewhere", TOKEN, KEYS.aes_key)
    assert await push(stage, *written(said(), elsewhere)) == (400, "malformed")
    assert await push(stage, *written(said(), KEYS, Mode.plain)) == forbidden
    old = Pusher(None, clock=lambda: (int(time.time()) - 400) * 1000)  # type: ignore[arg-type]
    assert await push(stage, *old.written(Address("", KEYS), said())) == (403, "stale")
    assert (await push(stage, query, b"x" * 70_000))[0] == 413
    assert (await stage.agent.ask("watch_desk"))["cases"] == []


async def test_a_signed_address_of_the_plain_mode_says_one_thing_and_no_second(plain: Stage):
    query, body = written(said("真的"), PushKeys(APPID, TOKEN), Mode.plain)
    assert await push(plain, query, body) == (200, "success")
    forged = json.dumps(said("假的", 2)).encode()
    assert await push(plain, query, forged) == (403, "replayed")
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><xml><FromUserName>&b;</FromUserName></xml>'
    assert await push(plain, query, bomb) == (400, "malformed")
    assert await push(plain, query, b"[" * 50_000) == (400, "malformed")
    assert await texts(plain, 1) == ["真的"]


async def test_the_address_proves_itself_when_it_is_saved(stage: Stage):
    path = f"/v1/platforms/wechat/{stage.app_id}/push"
    stamp = str(int(time.time()))
    query = {"timestamp": stamp, "nonce": "n", "echostr": "4375120948345356249"}
    good = await stage.http.get(path, params={**query, "signature": sign(TOKEN, stamp, "n")})
    assert (good.status_code, good.text) == (200, "4375120948345356249")
    assert good.headers["content-type"].startswith("text/plain")
    assert (await stage.http.get(path, params={**query, "signature": "0" * 40})).status_code == 403
    script = {**query, "echostr": "<script>\n", "signature": sign(TOKEN, stamp, "n")}
    assert (await stage.http.get(path, params=script)).status_code == 403


async def test_a_disabled_app_takes_nothing(stage: Stage):
    await stage.deployment.accounts.apps.change(OWNER, stage.app_id, AppChange(disabled=True))
    assert await push(stage, *written(said())) == (403, "app_disabled")


async def test_events_of_no_interest_are_taken_and_forgotten(stage: Stage):
    event = {"FromUserName": FROM, "CreateTime": 1, "MsgType": "event", "Event": "wxa_media_check"}
    assert await push(stage, *written({**event, "ToUserName": "gh"})) == (200, "success")
    assert not await stage.deployment.db.read(lambda c: store.has_due_push(c, 2**62))


async def test_what_else_is_slow_delays_no_answer(stage: Stage):
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    await stage.fault("send", delay_ms=3_000)
    await stage.fault("get", delay_ms=3_000)
    await stage.agent.say(room, "慢")
    begun = time.monotonic()
    assert await push(stage, *written(said("快"))) == (200, "success")
    assert time.monotonic() - begun < 2


async def test_a_database_that_hangs_is_told_in_time_so_that_wechat_pushes_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(platforms, "ANSWER_S", 0.2)
    taking = stage.deployment.contact.inbox
    hung = asyncio.Event()

    class Hanging:
        async def write(self, _work: Any) -> Any:
            await hung.wait()

    db = taking._db
    monkeypatch.setattr(taking, "_db", Hanging())
    message = written(said("终于"))
    assert (await push(stage, *message))[0] == 504
    monkeypatch.setattr(taking, "_db", db)
    assert await push(stage, *message) == (200, "success")
    assert await texts(stage, 1) == ["终于"]


async def test_what_was_stored_when_the_process_ended_is_said_by_the_next(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    stage = await open_stage(tmp_path / "data")

    async def nothing() -> bool:
        return False

    monkeypatch.setattr(stage.deployment.contact.inbox, "work", nothing)
    assert await push(stage, *written(said("活着"))) == (200, "success")
    await stage.close()

    again = await open_deployment(Settings(data_dir=str(tmp_path / "data")))
    await again.start()
    try:
        async with asyncio.timeout(10):
            while not await again.db.read(store.exists_any):
                await asyncio.sleep(0.02)
    finally:
        await again.stop()


async def test_a_picture_that_can_not_be_fetched_leaves_a_line_and_holds_no_text_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "PAUSES_MS", (10, 10, 10, 10))
    gone = said(id=7, MsgType="image", Content="", PicUrl="http://127.0.0.1:1/none.jpg", MediaId="gone")
    await stage.fault("get", errcode=-1, times=100)
    assert await push(stage, *written(gone)) == (200, "success")
    assert await push(stage, *written(said("文字", 8))) == (200, "success")
    room = (await stage.case())["conversation_id"]
    contents = [each["content"] for each in await stage.messages(room, 2)]
    assert {content["type"] for content in contents} == {"text", "custom"}
    assert await push(stage, *written({**gone, "MsgId": 9, "PicUrl": "http://10.0.0.1/x"})) == (
        200,
        "success",
    )
    assert len(await stage.messages(room, 3)) == 3


async def test_a_picture_that_is_none_leaves_a_line(stage: Stage):
    assert "MsgId" in await stage.send_picture(b"no picture at all")
    room = (await stage.case())["conversation_id"]
    (content,) = [each["content"] for each in await stage.messages(room, 1)]
    assert content["name"] == "wechat.picture_lost" and content["fallback"]


async def test_a_picture_whose_address_is_gone_is_fetched_by_its_id(stage: Stage):
    pushed = await stage.send_picture(picture())
    again = said(id=5, MsgType="image", Content="", PicUrl="http://127.0.0.1:1/", MediaId=pushed["MediaId"])
    assert await push(stage, *written(again)) == (200, "success")
    room = (await stage.case())["conversation_id"]
    async with asyncio.timeout(10):
        while len(found := await stage.messages(room)) < 1:
            await asyncio.sleep(0.02)
    assert found[0]["content"]["type"] == "image"


async def test_what_arrives_while_wechat_is_away_is_tried_until_it_answers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rules, "_PAUSES_MS", (10, 10, 10, 10, 10))
    client = stage.deployment.accounts.wechat_client
    send, failures = client.send_contact, 2

    async def flaky(*given: Any) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise AppError(ErrorCode.timeout, "", reason="too_slow", retry_after_ms=10)
        await send(*given)

    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    monkeypatch.setattr(client, "send_contact", flaky)
    said = await stage.agent.say(room, "在的")
    assert len(await stage.shown(1)) == 1
    await stage.delivery(room, said["seq"], "sent")
    # Of the two that got no answer nobody knows whether WeChat counted them.
    await stage.contact(room, left=2)


async def test_the_sandbox_pushes_four_times_and_then_tells_the_customer(stage: Stage):
    assert stage.deployment.pusher is not None
    stage.deployment.pusher._pause_s = 0.01
    address = {
        "appid": APPID,
        "url": f"{stage.http.base_url}/v1/platforms/wechat/{stage.app_id}/push",
        "token": TOKEN,
        "aes_key": AES_KEY,
    }
    assert await stage.post("/push", address) == {"verified": True}
    # The deployment's Token changes, and nobody tells WeChat.
    change = AppChange(wechat_push_token="Another123", wechat_push_aes_key=AES_KEY)
    await stage.deployment.accounts.apps.change(OWNER, stage.app_id, change)
    await stage.say("有人吗")
    assert await stage.shown(1) == [UNAVAILABLE]
    (outcome,) = await stage.pushes()
    assert (outcome["attempts"], outcome["state"]) == (4, "failed")


async def test_what_waits_is_not_sent_once_it_was_recalled_or_read_in_the_app(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rules, "_PAUSES_MS", (10, 10, 10, 10, 10))
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    client = await stage.in_mini_program()
    await stage.fault("send", errcode=-1, times=1)  # asks to wait 2 s
    recalled = await stage.agent.say(room, "说错了")
    await stage.delivery(room, recalled["seq"], "waiting")
    await stage.agent.ask(
        "recall_message",
        conversation_id=room,
        client_msg_id="018f0000-0000-7000-8000-00000000bbbb",
        target_seq=recalled["seq"],
    )
    assert (await stage.delivery(room, recalled["seq"], "not_sent"))["reason"] == "recalled"

    await stage.fault("send", errcode=-1, times=1)
    read = await stage.agent.say(room, "在的")
    await stage.delivery(room, read["seq"], "waiting")
    await client.ask("mark_read", conversation_id=room, seq=read["seq"])
    assert (await stage.delivery(room, read["seq"], "not_sent"))["reason"] == "read_in_app"
    assert (await stage.chat())["shown"] == []
    assert not (await stage.contact(room)).get("active", False)
