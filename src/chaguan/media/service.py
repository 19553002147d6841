"""The verbs of media: take in, hand to a message, hand out, clear away."""

import asyncio
import hashlib
import hmac
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from typing import BinaryIO, NamedTuple

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.core.settings import Limits
from chaguan.infra import links
from chaguan.infra.blobs import Blobs, OpenBlob
from chaguan.infra.database import Database
from chaguan.infra.sealing import DataKey, Vault
from chaguan.media import rules, store
from chaguan.media.content import MediaContent, describe, kind_of, linked
from chaguan.media.decoding import Decoders, spool
from chaguan.media.jobs import Job, Outcome
from chaguan.media.rules import Kind
from chaguan.media.sniff import HEAD_BYTES, Sniffed, sniff
from chaguan.media.store import Stored
from chaguan.protocol.content import Content, File

DIGESTS = "media digests"
"""What the key of digests is derived for."""
ORIGINAL, THUMB = "original", "thumb"

_PATH = "/v1/media"
_READ_BYTES = 512 * 1024
_SWEEP_AT_ONCE = 100
_REWRAP_AT_ONCE = 200


class Delivery(NamedTuple):
    """A blob on its way out. `name` is empty for what is shown rather than saved."""

    blob: OpenBlob
    mime: str
    name: str
    etag: str
    expires_at: int


class _Upload(NamedTuple):
    kind: Kind
    name: str
    found: Sniffed
    outcome: Outcome
    original: BinaryIO
    thumb: BinaryIO


class Media:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        blobs: Blobs,
        decoders: Decoders,
        limits: Limits,
        clock: Clock = now_ms,
    ) -> None:
        self._database = database
        self._vault = vault
        self._blobs = blobs
        self._decoders = decoders
        self._limits = limits
        self._clock = clock
        self._link_key = vault.derive("media links")
        self._digest_key = vault.derive(DIGESTS)

    async def close(self) -> None:
        await self._decoders.close()

    async def upload(self, caller: Caller, kind: Kind, name: str, source: BinaryIO) -> MediaContent:
        """Takes in the spooled `source` (which may be changed) and returns content ready to be sent in a message."""
        rules.access_upload(caller)
        size = source.seek(0, io.SEEK_END)
        rules.check_size(kind, size, self._limits)
        source.seek(0)
        found = sniff(source.read(HEAD_BYTES))
        rules.check_type(kind, found)
        with ExitStack() as files:
            target, thumb = (files.enter_context(spool()) for _ in range(2))
            outcome = await self._decode(kind, found, source, target, thumb)
            original = target if outcome.mime else source
            name = rules.clean_name(name)
            stored = await self._store(caller, _Upload(kind, name, found, outcome, original, thumb))
        return self.with_links(describe(stored, name))

    async def attach(self, caller: Caller, content: Content) -> Content:
        """What a sender gave as content, with the facts of the media it names, and without links: as it is stored.
        From now on the media belongs to a message. `bad_request` for what is unknown, foreign or of another kind.
        Content without media passes unchanged, so that this can stand in messaging's `before_append`."""
        if not isinstance(content, MediaContent):
            return content
        stored = await self.access_own(caller, content.media_id)
        if stored.kind != kind_of(content):
            raise AppError(ErrorCode.bad_request, f"this media is a {stored.kind}", reason="wrong_kind")
        await self._database.write(partial(store.mark_used, media_id=stored.id, now=self._clock()))
        name = rules.clean_name(content.name) if isinstance(content, File) else ""
        return describe(stored, name or await self._name(stored))

    async def access_own(self, caller: Caller, media_id: str) -> Stored:
        stored = await self._database.read(partial(store.find, media_id=media_id))
        # One answer for both, so that nobody learns which ids exist.
        if stored is None or stored.owner_id != caller.user_id:
            raise AppError(ErrorCode.bad_request, "unknown or foreign media", reason="unknown_media")
        return stored

    def with_links(self, content: MediaContent) -> MediaContent:
        """For the eyes of someone who may see the message: the same content with links that work for a while."""
        media_id = content.media_id
        return linked(content, self.link(media_id, ORIGINAL), self.link(media_id, THUMB))

    def link(self, media_id: str, variant: str = ORIGINAL) -> str:
        """Within a 12-hour window the same media has the same link; it holds for 12 to 24 hours."""
        exp = links.expiry(self._clock())
        signature = links.sign(self._link_key, media_id, variant, exp)
        return f"{_PATH}/{media_id}?v={variant}&exp={exp}&sig={signature}"

    async def open(self, media_id: str, variant: str, exp: int, signature: str) -> Delivery:
        """The link is the permission: `forbidden` unless it was signed here for this and is still alive."""
        links.verify(self._link_key, media_id, variant, exp, signature, self._clock())
        return await self.load(media_id, variant, exp)

    async def load(self, media_id: str, variant: str, exp: int = 0) -> Delivery:
        """For who has decided that it may leave: `open` by a link, and what goes out to another platform."""
        stored = await self._database.read(partial(store.find, media_id=media_id))
        mime = "" if stored is None else stored.mime if variant == ORIGINAL else stored.thumb_mime
        if stored is None or not mime:
            raise AppError(ErrorCode.not_found, "this media is gone")
        blob = await self._blobs.open(blob_name(stored.id, variant), await self._key(stored.owner_id))
        name = await self._name(stored) or "file" if stored.kind == Kind.file else ""
        return Delivery(blob, mime, name, f'"{stored.id}.{variant}"', exp * 1000)

    async def delete(self, media_ids: Iterable[str]) -> None:
        """Links stop working at once; the bytes go with the next sweep."""
        await self._database.write(partial(store.mark_deleted, media_ids=list(media_ids), now=self._clock()))

    async def forget_owner(self, owner_id: str) -> None:
        """Destroys the owner's key: all their blobs are unreadable from now on, in backups as well."""
        await self._database.write(partial(store.destroy_key, owner_id=owner_id))
        self._vault.forget(key_owner(owner_id))

    async def sweep(self) -> int:
        """Clears away what was deleted and what was uploaded a day ago and never sent. Returns how many."""
        now = self._clock()
        stale = partial(store.mark_stale_deleted, created_before=now - rules.UNUSED_FOR_MS, now=now)
        await self._database.write(stale)
        swept = 0
        listed = partial(store.list_deleted, limit=_SWEEP_AT_ONCE, now=now)
        while media_ids := await self._database.read(listed):
            # Blobs first: a row that is left over is swept again, a blob without a row never.
            for media_id in media_ids:
                await self._delete_blobs(media_id)
            await self._database.write(partial(store.remove, media_ids=media_ids))
            swept += len(media_ids)
        return swept

    async def rewrap_keys(self) -> int:
        """After a rotation: puts every owner's key under the current master key. Returns how many changed."""
        changed, after = 0, ""
        while page := await self._database.read(partial(store.list_keys, after=after, limit=_REWRAP_AT_ONCE)):
            changes = [
                (owner, old, new)
                for owner, old in page
                if (new := self._vault.rewrap(key_owner(owner), old)) != old
            ]
            await self._database.write(partial(store.replace_keys, changes=changes))
            changed, after = changed + len(changes), page[-1][0]
        return changed

    async def _decode(
        self, kind: Kind, found: Sniffed, source: BinaryIO, target: BinaryIO, thumb: BinaryIO
    ) -> Outcome:
        if kind is Kind.file:
            return Outcome()
        return await self._decoders.perform(
            Job(kind, found.format, self._limits.voice_ms), source, target, thumb
        )

    async def _store(self, caller: Caller, upload: _Upload) -> Stored:
        key = await self._ensure_key(caller.user_id)
        stored = await self._row(caller, upload, key)
        # The row comes first: after a crash it leads the sweep to the blobs.
        await self._database.write(partial(_add, row=stored, limit=rules.unused_limit(self._limits)))
        try:
            await self._blobs.put(blob_name(stored.id, ORIGINAL), key, _chunks(upload.original))
            if stored.thumb_mime:
                await self._blobs.put(blob_name(stored.id, THUMB), key, _chunks(upload.thumb))
        except BaseException:
            await self._discard(stored.id)
            raise
        return stored

    async def _row(self, caller: Caller, upload: _Upload, key: DataKey) -> Stored:
        media_id, outcome = new_id("m"), upload.outcome
        return Stored(
            id=media_id,
            owner_id=caller.user_id,
            kind=upload.kind,
            mime=outcome.mime or rules.stored_mime(upload.kind, upload.found),
            thumb_mime=outcome.thumb_mime,
            size=upload.original.seek(0, io.SEEK_END),
            width=outcome.width,
            height=outcome.height,
            duration_ms=outcome.duration_ms,
            waveform=outcome.waveform,
            name_sealed=key.seal(upload.name.encode(), _name_place(media_id)),
            digest=await asyncio.to_thread(_digest, self._digest_key, upload.original),
            created_at=self._clock(),
        )

    async def _discard(self, media_id: str) -> None:
        # What fails here the sweep does later, led by the row; the error that brought us here is the one to tell.
        with suppress(AppError):
            await self.delete([media_id])
            await self._delete_blobs(media_id)
            await self._database.write(partial(store.remove, media_ids=[media_id]))

    async def _delete_blobs(self, media_id: str) -> None:
        for variant in (ORIGINAL, THUMB):
            await self._blobs.delete(blob_name(media_id, variant))

    async def _ensure_key(self, owner_id: str) -> DataKey:
        wrapped = await self._database.read(partial(store.find_key, owner_id=owner_id))
        if wrapped is None:
            candidate = self._vault.wrap(key_owner(owner_id))
            ensure = partial(store.ensure_key, owner_id=owner_id, candidate=candidate, now=self._clock())
            wrapped = await self._database.write(ensure)
        return self._vault.unwrap(key_owner(owner_id), wrapped)

    async def _key(self, owner_id: str) -> DataKey:
        wrapped = await self._database.read(partial(store.find_key, owner_id=owner_id))
        if wrapped is None:
            raise AppError(ErrorCode.not_found, "this media was erased")
        return self._vault.unwrap(key_owner(owner_id), wrapped)

    async def _name(self, stored: Stored) -> str:
        key = await self._key(stored.owner_id)
        return key.unseal(stored.name_sealed, _name_place(stored.id)).decode()


class MediaBlobs(NamedTuple):
    """The blobs of one media. `is_used`: a message names it; else it may be an upload that is still going on."""

    media_id: str
    names: list[str]
    is_used: bool


def list_blobs(connection: Connection, after: str, limit: int) -> list[MediaBlobs]:
    """What a database names, by id, for whoever copies a deployment."""
    return [
        MediaBlobs(
            media_id,
            [blob_name(media_id, variant) for variant in (ORIGINAL, *((THUMB,) if has_thumb else ()))],
            is_used,
        )
        for media_id, has_thumb, is_used in store.list_ids(connection, after, limit)
    ]


def _add(connection: Connection, row: Stored, limit: int) -> None:
    if store.unused_bytes(connection, row.owner_id) + row.size > limit:
        raise AppError(ErrorCode.rate_limited, "too much uploaded and not sent", retry_after_ms=3_600_000)
    store.add(connection, row)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    file.seek(0)
    while part := await asyncio.to_thread(file.read, _READ_BYTES):
        yield part


def _digest(key: bytes, file: BinaryIO) -> bytes:
    file.seek(0)
    plain = hashlib.file_digest(file, hashlib.sha256).digest()  # type: ignore[arg-type]
    return hmac.digest(key, plain, hashlib.sha256)


def blob_name(media_id: str, variant: str) -> str:
    # Spread over 1,024 folders by characters near the end, which are random; an id begins with the time.
    return f"media/{media_id[-4:-2]}/{media_id}.{variant}"


def key_owner(owner_id: str) -> str:
    return f"media:{owner_id}"


def _name_place(media_id: str) -> bytes:
    return b"media name\x00" + media_id.encode()
