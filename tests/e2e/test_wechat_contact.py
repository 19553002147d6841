"""A customer in WeChat's own customer-service chat and an agent at the desk, over the sandbox, on both databases."""

import asyncio
import io

import pytest
from PIL import Image

from chaguan.contact import store
from chaguan.core.caller import Caller, Role
from chaguan.core.ids import uuid7
from chaguan.media import Kind, spool
from chaguan.messaging.model import uuid_text
from chaguan.metrics.collecting import Metrics
from tests.contact_stage import AES_KEY, APPID, TOKEN, Stage, open_stage


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request) -> str:
    return request.getfixturevalue("database_url") if request.param == "postgresql" else ""


@pytest.fixture
async def stage(url, tmp_path):
    stage = await open_stage(tmp_path / "data", database_url=url)
    yield stage
    await stage.close()


def picture(colour: str = "red", size: int = 64) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "JPEG")
    return file.getvalue()


async def test_a_customer_writes_from_wechat_and_is_answered_there(stage: Stage):
    await stage.enter(session_from='{"page": "/pages/product?id=7", "product_id": "7"}')
    await stage.say("这款茶还有吗？")
    case = await stage.case()
    assert case["context"].pop("app_id").startswith("a_")
    assert case["context"] == {"page": "/pages/product?id=7", "product_id": "7"}
    room = await stage.take()
    assert [each["content"]["text"] for each in await stage.messages(room, 1)] == ["这款茶还有吗？"]
    contact = await stage.contact(room, active=True)
    assert contact["left"] == 5

    said = await stage.agent.say(room, "有的，今天就能发。")
    assert await stage.shown(1) == [{"msgtype": "text", "text": {"content": "有的，今天就能发。"}}]
    await stage.delivery(room, said["seq"], "sent")
    contact = await stage.contact(room, left=4)
    assert contact["until_at"] > 0
    await stage.agent.until("wechat_contact_changed")


async def test_a_note_among_staff_is_not_sent_to_wechat(stage: Stage):
    await stage.say("在吗？")
    room = await stage.take()
    note = {"conversation_id": room, "text": "她上次骗了退款"}
    written = await stage.agent.ask("write_note", client_msg_id=uuid_text(uuid7()), **note)
    said = await stage.agent.say(room, "在的")
    # The outbox goes through the log in order: what comes later is there, so the note was passed over.
    assert await stage.shown(1) == [{"msgtype": "text", "text": {"content": "在的"}}]
    contact = await stage.contact(room, left=4)
    seqs = [each["seq"] for each in contact["deliveries"]]
    assert said["seq"] in seqs and written["note"]["seq"] not in seqs


async def test_its_consumer_is_measured_since_somebody_came_by_contact(stage: Stage):
    async def is_ready() -> bool:
        return True

    async def consumers() -> set[str]:
        families = await Metrics(stage.deployment, is_ready).families()
        (lag,) = [family for family in families if family.name == "chaguan_consumer_lag_seconds"]
        return {sample.labels["consumer"] for sample in lag.samples}

    before = await consumers()
    assert "contact" not in before and {"search", "desk"} <= before
    await stage.say("在吗？")
    room = await stage.take()
    await stage.agent.say(room, "在的")
    await stage.shown(1)
    assert await consumers() == before | {"contact"}


async def test_what_nobody_foresaw_ends_no_work_for_good(stage: Stage, monkeypatch, caplog):
    failed = []

    def once(name: str):
        real = getattr(store, name)

        def broken(*arguments: object, **named: object) -> object:
            if name not in failed:
                failed.append(name)
                raise RuntimeError("not foreseen")
            return real(*arguments, **named)

        monkeypatch.setattr(store, name, broken)

    for name in ("has_due_push", "exists_any", "has_due_delivery"):
        once(name)
    await stage.say("在吗？")
    room = await stage.take()
    await stage.agent.say(room, "在的")
    assert await stage.shown(1) == [{"msgtype": "text", "text": {"content": "在的"}}]
    assert len(failed) == 3 and caplog.text.count("contact stumbles: RuntimeError") == 3
    assert "not foreseen" not in caplog.text


async def test_pictures_go_both_ways_and_a_page_of_the_mini_program_becomes_a_card(stage: Stage):
    await stage.say("", page="pages/product/index?id=7", title="龙井")
    await stage.send_picture(picture())
    room = await stage.take()
    card, image = [each["content"] for each in await stage.messages(room, 2)]
    assert (card["type"], card["page"]) == ("card", "/pages/product/index?id=7")
    assert (image["type"], image["width"]) == ("image", 64)
    assert (await stage.http.get(image["url"])).status_code == 200

    agent = Caller("staff", (await stage.case())["agent_id"], role=Role.agent)
    with spool() as source:
        source.write(picture("green", 200))
        taken = await stage.deployment.media.upload(agent, Kind.image, "", source)
    await stage.agent.ask(
        "send_message",
        conversation_id=room,
        client_msg_id="018f0000-0000-7000-8000-00000000aaaa",
        content={"type": "image", "media_id": taken.media_id},
    )
    (shown,) = await stage.shown(1)
    assert shown["msgtype"] == "image"
    query = {"access_token": "none", "media_id": shown["image"]["media_id"]}
    assert (await stage.http.get("/sandbox/wechat/cgi-bin/media/get", params=query)).json()[
        "errcode"
    ] == 40001


async def test_the_same_person_in_the_mini_program_has_the_same_thread(stage: Stage):
    await stage.say("我在微信客服里")
    room = await stage.take()
    client = await stage.in_mini_program()
    opened = await client.ask("open_service")
    assert opened["view"]["conversation"]["id"] == room
    assert (await client.messages(room))[0]["content"]["text"] == "我在微信客服里"

    # What is said in the mini program is answered there alone.
    await client.say(room, "现在在小程序里")
    await stage.contact(room, active=False)
    await stage.agent.say(room, "好的")
    await client.until("message_sent", conversation_id=room)
    await stage.say("又回到微信客服")
    await stage.contact(room, active=True)
    await stage.agent.say(room, "收到")
    assert [line["text"]["content"] for line in await stage.shown(1)] == ["收到"]


async def test_what_is_over_the_budget_is_kept_and_shown_as_not_delivered(stage: Stage):
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True, left=5)
    said = [await stage.agent.say(room, f"第{nth}条") for nth in range(1, 8)]
    shown = await stage.shown(5)
    assert [line["text"]["content"] for line in shown] == [f"第{nth}条" for nth in range(1, 6)]
    for each in said[5:]:
        refused = await stage.delivery(room, each["seq"], "not_sent")
        assert refused["reason"] == "over_quota" and "vendor_code" not in refused
    assert len((await stage.chat())["shown"]) == 5
    assert (await stage.contact(room)).get("left", 0) == 0
    assert len(await stage.messages(room, 8)) == 8

    await stage.next_second()
    await stage.say("还在")
    await stage.contact(room, left=5)
    await stage.agent.say(room, "第8条")
    assert (await stage.shown(6))[-1]["text"]["content"] == "第8条"


async def test_who_only_entered_is_answered_twice(stage: Stage):
    await stage.say("先说一句")
    room = await stage.take()
    await stage.contact(room, left=5)
    for nth in range(5):
        await stage.agent.say(room, str(nth))
    await stage.shown(5)
    await stage.contact(room, left=0)
    await stage.next_second()
    await stage.enter()
    await stage.contact(room, left=2)
    for nth in range(3):
        await stage.agent.say(room, f"进入后{nth}")
    assert len(await stage.shown(7)) == 7
    newest = (await stage.contact(room, left=0))["deliveries"]
    async with asyncio.timeout(10):
        while newest[-1]["state"] != "not_sent":
            newest = (await stage.contact(room))["deliveries"]


@pytest.mark.parametrize(
    ("errcode", "reason"), [(45047, "over_quota"), (45015, "window_closed"), (45002, "too_long")]
)
async def test_what_wechat_refuses_is_not_tried_again(stage: Stage, errcode: int, reason: str):
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    await stage.fault("send", errcode=errcode, times=1)
    said = await stage.agent.say(room, "一")
    refused = await stage.delivery(room, said["seq"], "not_sent")
    assert (refused["reason"], refused["vendor_code"]) == (reason, errcode)
    assert (await stage.contact(room)).get("left", 0) == (5 if errcode == 45002 else 0)
    assert (await stage.chat())["shown"] == []


async def test_a_token_that_went_stale_is_replaced_and_nobody_notices(stage: Stage):
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    await stage.fault("send", errcode=40001, times=1)
    await stage.agent.say(room, "在的")
    assert len(await stage.shown(1)) == 1
    await stage.contact(room, left=4)


async def test_the_customer_sees_that_somebody_writes(stage: Stage):
    await stage.say("在吗")
    room = await stage.take()
    await stage.contact(room, active=True)
    await stage.agent.ask("set_typing", conversation_id=room)
    async with asyncio.timeout(5):
        while not (await stage.chat())["typing"]:
            await asyncio.sleep(0.02)


async def test_pushes_are_taken_in_every_mode_and_format(stage: Stage):
    url = f"{stage.http.base_url}/v1/platforms/wechat/{stage.app_id}/push"
    count = 0
    for mode in ("compatible", "safe"):
        for format in ("json", "xml"):
            address = {"appid": APPID, "url": url, "token": TOKEN, "aes_key": AES_KEY}
            answer = await stage.post("/push", {**address, "mode": mode, "format": format})
            assert answer == {"verified": True}
            await stage.say(f"{mode} & <{format}>")
            count += 1
    room = await stage.take()
    texts = {each["content"]["text"] for each in await stage.messages(room, count)}
    assert texts == {f"{m} & <{f}>" for m in ("compatible", "safe") for f in ("json", "xml")}
    wrong = {**address, "token": "Wrong123", "mode": "safe"}
    assert "error" in await stage.post("/push", wrong)
