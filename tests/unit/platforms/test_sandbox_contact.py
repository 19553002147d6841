"""The sandbox's customer-service chat: budgets, error codes and what the customer sees, as WeChat's pages have it."""

import json
from typing import Any

import pytest

from chaguan.platforms.sandbox.contact import AFTER_ENTERING_MS, AFTER_MESSAGE_MS, SandboxContact
from chaguan.platforms.sandbox.wechat import SandboxWeChat, VendorError

APPID, SECRET = "wx1", "secret"


class Scene:
    def __init__(self) -> None:
        self.now = 1_790_000_000_000
        self.wechat = SandboxWeChat({APPID: SECRET, "wx2": SECRET}, clock=lambda: self.now)
        self.contact = SandboxContact(self.wechat, clock=lambda: self.now)
        self.openid = self.wechat.openid(APPID, "mei")

    @property
    def token(self) -> str:
        return self.wechat.stable_token(APPID, SECRET, "client_credential", False).access_token

    def send(self, **body: Any) -> int:
        given = {"touser": self.openid, "msgtype": "text", "text": {"content": "好"}, **body}
        return self.code(lambda: self.contact.send(self.token, json.dumps(given).encode()))

    def typing(self) -> int:
        body = json.dumps({"touser": self.openid, "command": "Typing"}).encode()
        return self.code(lambda: self.contact.show_typing(self.token, body))

    @staticmethod
    def code(act: Any) -> int:
        try:
            act()
        except VendorError as error:
            return error.errcode
        return 0


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_five_answers_to_a_message_and_the_next_message_gives_five_again(scene: Scene):
    for _ in range(2):
        scene.contact.say(APPID, "mei", {"MsgType": "text", "Content": "在吗"})
        assert [scene.send() for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_two_answers_to_entering_and_none_after_a_minute(scene: Scene):
    scene.contact.enter(APPID, "mei", "")
    assert [scene.send() for _ in range(3)] == [0, 0, 45047]
    scene.now += AFTER_ENTERING_MS
    assert scene.send() == 45015


def test_nothing_goes_out_48_hours_after_a_message(scene: Scene):
    scene.contact.say(APPID, "mei", {"MsgType": "text", "Content": "在吗"})
    scene.now += AFTER_MESSAGE_MS - 1
    assert scene.send() == 0
    scene.now += 1
    assert scene.send() == 45015


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"msgtype": "voice"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "茶" * 683}}, 45002),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "image"}, 47001),
        ({"msgtype": "link", "link": {"title": "t", "description": "", "url": "", "thumb_url": ""}}, 44003),
    ],
)
def test_what_is_malformed_is_refused_with_wechats_code_and_costs_nothing(scene: Scene, body, code):
    scene.contact.say(APPID, "mei", {"MsgType": "text", "Content": "在吗"})
    assert scene.send(**body) == code
    assert [scene.send() for _ in range(5)] == [0] * 5


def test_a_file_of_one_app_is_none_of_anothers(scene: Scene):
    scene.contact.say(APPID, "mei", {"MsgType": "text", "Content": "在吗"})
    other = scene.contact.keep("wx2", b"\xff\xd8\xff", "image/jpeg")
    assert scene.send(msgtype="image", image={"media_id": other}) == 40007
    mine = scene.contact.keep(APPID, b"\xff\xd8\xff", "image/jpeg")
    assert scene.send(msgtype="image", image={"media_id": mine}) == 0
    assert scene.code(lambda: scene.contact.upload(scene.token, "image", b"<svg>", "image/png")) == 40005
    assert scene.code(lambda: scene.contact.send("stale", b"{}")) == 40001


def test_typing_is_shown_to_who_wrote_a_moment_ago_and_ends_with_the_answer(scene: Scene):
    assert scene.typing() == 40003
    scene.contact.say(APPID, "mei", {"MsgType": "text", "Content": "在吗"})
    assert [scene.typing(), scene.typing()] == [0, 45081]
    assert scene.contact.chat(APPID, "mei").typing
    scene.send()
    assert not scene.contact.chat(APPID, "mei").typing
    scene.now += 30_001
    assert scene.typing() == 45080
