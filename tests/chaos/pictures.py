"""Pictures that people send: what was acknowledged with a message must be there at the end, pixel for pixel."""

import asyncio
import contextlib
import io
import json
import random
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from tests.chaos.link import Json, Refused
from tests.e2e.process import upload_form

if TYPE_CHECKING:
    from tests.chaos.people import Person

ANSWER_S = 10
AGAIN_S = 0.5
AT_ONCE = 50
"""So many messages `get_messages` gives."""
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Picture(NamedTuple):
    content: Json
    color: tuple[int, int, int]


class Sent(NamedTuple):
    person: "Person"
    room: str
    seq: int
    picture: Picture


class Album:
    """Uploads through any node, and knows what was sent. `bases`: addresses of the nodes, behind their proxies."""

    def __init__(self, bases: Sequence[str], token: Callable[[str], str]) -> None:
        self._bases = bases
        self._token = token
        self.sent: list[Sent] = []
        self.failed = 0
        """Uploads that had to be tried again."""

    def keep(self, person: "Person", room: str, seq: int, picture: Picture) -> None:
        self.sent.append(Sent(person, room, seq, picture))

    async def upload(self, name: str, rng: random.Random) -> Picture:
        color = rng.randrange(256), rng.randrange(256), rng.randrange(256)
        form, kind = upload_form(_png(color))
        while True:
            base = rng.choice(self._bases)
            request = urllib.request.Request(base + "/v1/media", form, {"Content-Type": kind}, method="POST")
            request.add_header("Authorization", f"Bearer {self._token(name)}")
            status, body = await asyncio.to_thread(_ask, request)
            if status in (200, 201):
                return Picture(json.loads(body), color)
            if status and status not in (429, 500, 502, 503, 504):
                raise AssertionError(f"an upload was answered {status}: {body[:300]!r}")
            self.failed += 1
            await asyncio.sleep(AGAIN_S * rng.uniform(0.5, 1.5))

    async def faults(self) -> list[str]:
        """Each picture as a fresh look at its message gives it."""
        found: list[str] = []
        for at in range(0, len(self.sent), AT_ONCE):
            looks = (self._look(sent) for sent in self.sent[at : at + AT_ONCE])
            found += [fault for fault in await asyncio.gather(*looks) if fault]
        return found

    async def _look(self, sent: Sent) -> str:
        device = sent.person.devices[0]
        where = f"{sent.person.name}: the picture {sent.room} {sent.seq}"
        content = sent.picture.content
        try:
            answer = await device.insist("get_messages", conversation_id=sent.room, seqs=[sent.seq])
            shown = answer["messages"][0].get("content", {}) if answer["messages"] else {}
        except Refused:  # they have left the group since; the link that they got with the upload still holds
            shown = content
        if shown.get("media_id") != content["media_id"]:
            return f"{where} is {shown}, not {content}"
        for base in self._bases:
            request = urllib.request.Request(base + shown["url"])
            status, body = await asyncio.to_thread(_ask, request)
            if status != 200:
                return f"{where} is answered {status} by {base}"
            with contextlib.closing(Image.open(io.BytesIO(body))) as image:
                pixel = image.convert("RGB").getpixel((1, 1))
            if pixel != sent.picture.color:
                return f"{where} shows {pixel}, not {sent.picture.color}"
        return ""


def _png(color: tuple[int, int, int]) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(target, "PNG")
    return target.getvalue()


def _ask(request: urllib.request.Request) -> tuple[int, bytes]:
    """Status and body; 0 when nothing, or only a part, came back."""
    try:
        with _opener.open(request, timeout=ANSWER_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, HTTPException):  # the latter when it was cut off in the middle
        return 0, b""
