"""WeChat's customer-service chat as its pages describe it: who may be answered how often, and what the customer sees.

In memory, bounded, no HTTP. Where the pages are silent it says "assumed".
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

import msgspec

from chaguan.core.clock import Clock, now_ms
from chaguan.platforms.sandbox.wechat import SandboxWeChat, VendorError
from chaguan.platforms.wechat.contact import (
    ContactMessage,
    ImageMessage,
    LinkMessage,
    PageMessage,
    TextMessage,
)

AFTER_MESSAGE, AFTER_MESSAGE_MS = 5, 48 * 3_600_000
AFTER_ENTERING, AFTER_ENTERING_MS = 2, 60_000
MAX_TEXT = 2_048  # bytes; assumed
TYPING_AFTER_MS = 30_000
TYPING_LASTS_MS = 15_000
MAX_PICTURE = 2 * 1024 * 1024
UNAVAILABLE = "该小程序客服暂时无法提供服务"

_MAX_PHONES, _MAX_SHOWN, _MAX_FILES = 10_000, 200, 50

Pushed = dict[str, str | int]
"""A push before it is written as JSON or XML."""


class Shown(msgspec.Struct, omit_defaults=True):
    """A line of the customer's chat: what the shop said (`message`), or what WeChat says itself (`notice`)."""

    at: int
    message: Any = None
    notice: str = ""


class Chat(msgspec.Struct):
    """What the customer has before them."""

    shown: list[Shown]
    typing: bool


class _Phone:
    def __init__(self) -> None:
        self.said_at = self.entered_at = -AFTER_MESSAGE_MS
        self.since_said = self.since_entered = 0
        self.typing_until = 0
        self.shown: deque[Shown] = deque(maxlen=_MAX_SHOWN)


class _Send(msgspec.Struct):
    touser: str = ""
    msgtype: str = ""


class _TypingCommand(msgspec.Struct):
    touser: str = ""
    command: str = ""


class File(msgspec.Struct):
    app_id: str
    content: bytes
    mime: str


class SandboxContact:
    def __init__(self, wechat: SandboxWeChat, clock: Clock = now_ms) -> None:
        self._wechat = wechat
        self._clock = clock
        self._phones: OrderedDict[tuple[str, str], _Phone] = OrderedDict()
        self._files: OrderedDict[str, File] = OrderedDict()
        self._next_id = secrets.randbits(52)

    def enter(self, app_id: str, phone_id: str, session_from: str) -> Pushed:
        """The customer taps `<button open-type="contact">`."""
        phone = self._phone(app_id, phone_id)
        phone.entered_at, phone.since_entered = self._clock(), 0
        event = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": session_from}
        return {**self._from(app_id, phone_id), **event}

    def say(self, app_id: str, phone_id: str, message: Mapping[str, str]) -> Pushed:
        """The customer says something: fields of the push from `MsgType` on."""
        phone = self._phone(app_id, phone_id)
        phone.said_at, phone.since_said = self._clock(), 0
        self._next_id += 1
        return {**self._from(app_id, phone_id), **message, "MsgId": self._next_id}

    def tell(self, app_id: str, phone_id: str, notice: str) -> None:
        self._phone(app_id, phone_id).shown.append(Shown(self._clock(), notice=notice))

    def chat(self, app_id: str, phone_id: str) -> Chat:
        phone = self._phone(app_id, phone_id)
        return Chat(list(phone.shown), self._clock() < phone.typing_until)

    def keep(self, app_id: str, content: bytes, mime: str) -> str:
        media_id = secrets.token_urlsafe(48)
        self._files[media_id] = File(app_id, content, mime)
        if len(self._files) > _MAX_FILES:
            self._files.popitem(last=False)
        return media_id

    def find_file(self, media_id: str) -> File | None:
        return self._files.get(media_id)

    def send(self, token: str, body: bytes) -> object:
        """`message/custom/send`. Assumed: the two budgets don't add up, an answer counts against both, and goes
        out while either has room."""
        app_id = self._wechat.check_token(token)
        sent = _decode(body, _Send)
        phone = self._known(app_id, sent.touser)
        message = self._checked(app_id, sent, body)
        now = self._clock()
        after_message = now - phone.said_at < AFTER_MESSAGE_MS
        after_entering = now - phone.entered_at < AFTER_ENTERING_MS
        if not (after_message or after_entering):
            raise VendorError(45015)
        if not (after_message and phone.since_said < AFTER_MESSAGE) and not (
            after_entering and phone.since_entered < AFTER_ENTERING
        ):
            raise VendorError(45047)
        phone.since_said += 1
        phone.since_entered += 1
        phone.typing_until = 0
        phone.shown.append(Shown(now, message))
        return {"errcode": 0, "errmsg": "ok"}

    def show_typing(self, token: str, body: bytes) -> object:
        app_id = self._wechat.check_token(token)
        sent = _decode(body, _TypingCommand)
        phone = self._known(app_id, sent.touser)
        if sent.command not in ("Typing", "CancelTyping"):
            raise VendorError(45072)
        now = self._clock()
        if now - max(phone.said_at, phone.entered_at) > TYPING_AFTER_MS:
            raise VendorError(45080)
        if sent.command == "Typing" and now < phone.typing_until:
            raise VendorError(45081)
        phone.typing_until = now + TYPING_LASTS_MS if sent.command == "Typing" else 0
        return {"errcode": 0, "errmsg": "ok"}

    def upload(self, token: str, kind: str, content: bytes, mime: str) -> object:
        """`media/upload`. Assumed: 2 MiB a picture, told from its bytes."""
        app_id = self._wechat.check_token(token)
        if kind != "image":
            raise VendorError(40004)
        if not content:
            raise VendorError(44001)
        if len(content) > MAX_PICTURE:
            raise VendorError(40009)
        if not content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")):
            raise VendorError(40005)
        media_id = self.keep(app_id, content, mime)
        return {"type": "image", "media_id": media_id, "created_at": self._clock() // 1000}

    def download(self, token: str, media_id: str) -> File:
        """`media/get`."""
        app_id = self._wechat.check_token(token)
        return self._file(app_id, media_id)

    def _file(self, app_id: str, media_id: str) -> File:
        found = self._files.get(media_id)
        if found is None or found.app_id != app_id:
            raise VendorError(40007)
        return found

    def _checked(self, app_id: str, sent: _Send, body: bytes) -> ContactMessage:
        if sent.msgtype not in ("text", "image", "link", "miniprogrampage"):
            raise VendorError(40008)
        message: ContactMessage = _decode(body, ContactMessage)
        match message:
            case TextMessage(text):
                if not text.content:
                    raise VendorError(44004)
                if len(text.content.encode()) > MAX_TEXT:
                    raise VendorError(45002)
            case ImageMessage(image):
                self._file(app_id, image.media_id)
            case PageMessage(page):
                self._file(app_id, page.thumb_media_id)
            case LinkMessage(link):
                if not link.url:
                    raise VendorError(44003)
        return message

    def _phone(self, app_id: str, phone_id: str) -> _Phone:
        if not self._wechat.knows(app_id):
            raise VendorError(40013)
        key = (app_id, self._wechat.openid(app_id, phone_id))
        phone = self._phones.setdefault(key, _Phone())
        self._phones.move_to_end(key)
        if len(self._phones) > _MAX_PHONES:
            self._phones.popitem(last=False)
        return phone

    def _known(self, app_id: str, openid: str) -> _Phone:
        phone = self._phones.get((app_id, openid))
        if phone is None:
            raise VendorError(40003)
        return phone

    def _from(self, app_id: str, phone_id: str) -> Pushed:
        return {
            "ToUserName": f"gh_{app_id[-12:]}",
            "FromUserName": self._wechat.openid(app_id, phone_id),
            "CreateTime": self._clock() // 1000,
        }


def _decode(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError):
        raise VendorError(47001) from None
