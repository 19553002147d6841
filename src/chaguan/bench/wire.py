"""How many bytes cross the wire for what a phone does: frames of the WebSocket, as the SDK sends them and with their
headers, in both directions. TCP, IP and TLS add theirs, which is the network's affair."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.bench import frames
from chaguan.bench.clients import HEARTBEAT_S
from chaguan.bench.figures import Figure
from chaguan.bench.world import VERSION, World, device, subject

if TYPE_CHECKING:
    from chaguan.bench.stages import Bench

KNOWN = 20
"""Conversations that the phone holds."""
RESUME_EVERY_S = 360
TEXT = "这款明前龙井还有货吗？想买两罐送人"
_PATIENCE_S = 10


class Phone:
    """One device on one blocking socket; `sent` and `received` count bytes since the opening handshake."""

    def __init__(self, world: World, person: int, port: int) -> None:
        self.sent = self.received = 0
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
        self._rest = b""
        self._number = 0
        self._socket.sendall(frames.UPGRADE)
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._read()
        self._rest = self._rest.partition(b"\r\n\r\n")[2]
        token = sign_user_token(
            AppSecret(world.secret), world.app_id, subject(person), time.time_ns() // 1_000_000, 7_200
        )
        hello = {"protocol": 1, "token": token, "device_id": device(person), "platform": "wechat"}
        self.welcome = self.ask("hello", **hello, **self.standing(world, person))
        self.sent = self.received = 0

    @staticmethod
    def standing(world: World, person: int, seq: int = 0) -> dict[str, Any]:
        """What the phone holds; `seq` of the conversation with the other."""
        known = [(world.pairs[person // 2], seq), *((id, 0) for id in world.groups_of(person))][:KNOWN]
        return {"epoch": world.epoch, "user_version": VERSION, "known": known}

    def ask(self, type: str, **fields: Any) -> bytes:
        self._number += 1
        data = frames.frame(frames.encode({"type": type, "id": self._number, **fields}))
        self._socket.sendall(data)
        self.sent += len(data)
        while True:
            payload = self.next()
            if b'"type":"reply"' in payload[:32] and frames.decode_reply(payload).id == self._number:
                if bytes(frames.decode_reply(payload).error):
                    raise RuntimeError(payload.decode())
                return payload

    def next(self) -> bytes:
        """The next frame's payload."""
        while True:
            payloads, rest = frames.split(self._rest)
            if payloads:
                # One at a time: what follows it is counted when it is taken.
                first = self._whole(payloads[0])
                self._rest = self._rest[first:]
                self.received += first
                return payloads[0]
            self._rest = rest + self._read()

    @staticmethod
    def _whole(payload: bytes) -> int:
        size = len(payload)
        return size + (2 if size < 126 else 4 if size < 65_536 else 10)

    def _read(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data

    def close(self) -> None:
        self._socket.close()


def wire(bench: "Bench") -> Iterator[Figure]:
    """A text from one phone to another, an idle hour in the foreground, a resume of twenty conversations."""
    bench.begin_anew()  # of conversations that have grown meanwhile the phone would lack something
    with bench.server() as running:
        running.wait()
        port = running.ports[0]
        with closing(Phone(bench.world, 0, port)) as one, closing(Phone(bench.world, 1, port)) as other:
            yield _text(bench, one, other)
            beat = _cost(one, "heartbeat")
            back = _cost(one, "resume", **one.standing(bench.world, 0, seq=_head(bench, one)))
    beats, resumes = 3600 // HEARTBEAT_S, 3600 // RESUME_EVERY_S
    hour = {"heartbeats": beats, "resumes": resumes, "known": KNOWN}
    yield Figure("wire_idle_hour", beats * beat + resumes * back, "bytes", parameters=hour)
    yield Figure("wire_resume", back, "bytes", parameters={"known": KNOWN, "missed": 0})


def _text(bench: "Bench", one: Phone, other: Phone) -> Figure:
    """What the writer's phone sends and gets for it; beside it what arrives at the other's."""
    one.ask(
        "send_message",
        conversation_id=bench.world.pairs[0],
        client_msg_id=frames.key(),
        content={"type": "text", "text": TEXT},
    )
    while b'"message_sent"' not in other.next()[:64]:
        pass
    return Figure(
        "wire_text",
        one.sent + one.received,
        "bytes",
        parameters={
            "sent": one.sent,
            "answered": one.received,
            "at_the_other": other.received,
            "text_bytes": len(TEXT.encode()),
        },
    )


def _head(bench: "Bench", phone: Phone) -> int:
    pulled = phone.ask("pull_entries", conversation_id=bench.world.pairs[0], after_seq=0)
    return msgspec.json.decode(frames.decode_reply(pulled).ok, type=frames.ConversationSync).head_seq


def _cost(phone: Phone, type: str, **fields: Any) -> int:
    phone.sent = phone.received = 0
    phone.ask(type, **fields)
    return phone.sent + phone.received
