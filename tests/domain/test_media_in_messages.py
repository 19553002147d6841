"""Pictures on their way through a conversation."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.blobs import Blobs
from chaguan.infra.sealing import Vault
from chaguan.media import Decoders, Kind, Media, spool
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.protocol import commands as c
from chaguan.protocol.content import Content, Image, Merged
from chaguan.protocol.entries import MessageSent
from tests.domain.messaging.conftest import AgentsMayLook, World, key
from tests.unit.media import samples


class Gallery(World):
    """A world whose messages may hold media, wired as the deployment wires them."""

    def build(self) -> None:
        super().build()
        self.decoders = Decoders(processes=1)
        vault = Vault(self.keyring, self.root)
        blobs = Blobs.in_folder(self.path.parent / "blobs")
        self.media = Media(self.db, vault, blobs, self.decoders, self.limits, lambda: self.now)
        self.messaging = Messaging(
            self.db,
            vault,
            self.pushes,
            self.people,
            AgentsMayLook(),
            self._attach,
            self.media.link,
            limits=self.limits,
            policy=self.policy,
            clock=lambda: self.now,
        )

    async def _attach(self, caller: Caller, _room: Room, content: Content) -> Content:
        return await self.media.attach(caller, content)

    async def picture(self, caller: Caller) -> Image:
        with spool() as source:
            source.write(samples.photo_with_place())
            content = await self.media.upload(caller, Kind.image, "", source)
        assert isinstance(content, Image)
        return content

    async def show(self, caller: Caller, conversation_id: str, content: Content) -> Any:
        command = c.SendMessage(id=1, conversation_id=conversation_id, client_msg_id=key(), content=content)
        return await self.messaging.messages.send(caller, command)

    async def forward(
        self, caller: Caller, source: str, seq: int, target: str, *, merged: bool = False
    ) -> int:
        command = c.ForwardMessages(
            id=1,
            conversation_id=source,
            seqs=[seq],
            to_conversation_id=target,
            client_msg_id=key(),
            merged=merged,
        )
        return (await self.messaging.forwarding.forward(caller, command)).sent[0].seq

    async def opened(self, caller: Caller, conversation_id: str, seq: int) -> Content | None:
        command = c.GetMessages(id=1, conversation_id=conversation_id, seqs=[seq])
        return (await self.messaging.sync.messages(caller, command)).messages[0].content

    async def look(self, url: str) -> bytes:
        query = parse_qs(urlsplit(url).query)
        media_id = urlsplit(url).path.rpartition("/")[2]
        delivery = await self.media.open(media_id, query["v"][0], int(query["exp"][0]), query["sig"][0])
        return b"".join([part async for part in delivery.blob.read()])


@pytest.fixture
async def gallery(tmp_path: Path) -> AsyncIterator[Gallery]:
    gallery = Gallery(tmp_path / "chaguan.db")
    await gallery.open()
    yield gallery
    await gallery.close()
    await gallery.media.close()


async def test_the_one_who_receives_a_picture_can_look_at_it_and_sees_true_facts(gallery: Gallery) -> None:
    li, mei = gallery.people.add("li"), gallery.people.add("mei")
    room = await gallery.direct(li, mei)
    picture = await gallery.picture(li)
    await gallery.show(li, room, Image(picture.media_id, mime="text/html", width=9, url="https://elsewhere"))
    told = [push for _, push in gallery.pushes.told if isinstance(push, MessageSent)]
    content = told[0].content
    assert isinstance(content, Image)
    assert (content.mime, content.width, content.height) == ("image/jpeg", 640, 400)
    for url in (content.url, content.thumb_url):
        assert (await gallery.look(url)).startswith(b"\xff\xd8\xff")


async def test_fresh_links_come_with_the_history_once_the_first_have_expired(gallery: Gallery) -> None:
    li, mei = gallery.people.add("li"), gallery.people.add("mei")
    room = await gallery.direct(li, mei)
    await gallery.show(li, room, await gallery.picture(li))
    gallery.now += 3 * 24 * 3_600_000
    await gallery.media.sweep()
    history = await gallery.messaging.sync.history(mei, c.GetHistory(id=1, conversation_id=room))
    content = history.messages[-1].content
    assert isinstance(content, Image)
    assert (await gallery.look(content.url)).startswith(b"\xff\xd8\xff")


async def test_somebody_elses_picture_cannot_be_sent_and_takes_no_seq(gallery: Gallery) -> None:
    li, mei = gallery.people.add("li"), gallery.people.add("mei")
    room = await gallery.direct(li, mei)
    picture = await gallery.picture(li)
    before = (await gallery.view(mei, room)).conversation.head_seq
    for media_id in (picture.media_id, "m_unknown"):
        with pytest.raises(AppError) as caught:
            await gallery.show(mei, room, Image(media_id))
        assert caught.value.code is ErrorCode.bad_request
    assert (await gallery.view(mei, room)).conversation.head_seq == before
    assert not [push for _, push in gallery.pushes.told if isinstance(push, MessageSent)]


async def test_a_forwarded_picture_is_seen_by_its_new_readers_and_stored_once(gallery: Gallery) -> None:
    li, mei, bao = (gallery.people.add(name) for name in ("li", "mei", "bao"))
    source, target = await gallery.direct(li, mei), await gallery.direct(mei, bao)
    picture = await gallery.picture(li)
    sent = await gallery.show(li, source, picture)
    before = sorted(gallery.path.parent.joinpath("blobs").rglob("*.*"))
    alone = await gallery.forward(mei, source, sent.seq, target)
    bundled = await gallery.forward(mei, source, sent.seq, target, merged=True)
    gallery.now += 3 * 24 * 3_600_000
    await gallery.media.sweep()
    copy, merged = [await gallery.opened(bao, target, seq) for seq in (alone, bundled)]
    assert isinstance(merged, Merged)
    for content in (copy, merged.items[0].content):
        assert isinstance(content, Image) and content.media_id == picture.media_id
        for url in (content.url, content.thumb_url):
            assert (await gallery.look(url)).startswith(b"\xff\xd8\xff")
    assert sorted(gallery.path.parent.joinpath("blobs").rglob("*.*")) == before


async def test_a_picture_outlives_the_recall_of_the_message_it_was_forwarded_from(gallery: Gallery) -> None:
    li, mei, bao = (gallery.people.add(name) for name in ("li", "mei", "bao"))
    source, target = await gallery.direct(li, mei), await gallery.direct(mei, bao)
    sent = await gallery.show(li, source, await gallery.picture(li))
    seq = await gallery.forward(mei, source, sent.seq, target)
    recall = c.RecallMessage(id=1, conversation_id=source, client_msg_id=key(), target_seq=sent.seq)
    await gallery.messaging.messages.recall(li, recall)
    gallery.now += 3 * 24 * 3_600_000
    await gallery.media.sweep()
    content = await gallery.opened(bao, target, seq)
    assert isinstance(content, Image) and (await gallery.look(content.url)).startswith(b"\xff\xd8\xff")


async def test_to_have_seen_a_picture_forwarded_does_not_make_it_ones_own(gallery: Gallery) -> None:
    li, mei, bao = (gallery.people.add(name) for name in ("li", "mei", "bao"))
    source, target = await gallery.direct(li, mei), await gallery.direct(mei, bao)
    picture = await gallery.picture(li)
    sent = await gallery.show(li, source, picture)
    await gallery.forward(mei, source, sent.seq, target)
    for caller in (mei, bao):
        with pytest.raises(AppError) as caught:
            await gallery.show(caller, target, Image(picture.media_id))
        assert caught.value.code is ErrorCode.bad_request
