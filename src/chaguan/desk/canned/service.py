"""Canned replies: agents keep their own, administrators the shared ones, whose every change is recorded."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import rules as desk_rules
from chaguan.desk.canned import rules
from chaguan.desk.canned.exchange import Format, Row, read, write
from chaguan.desk.store import canned as store
from chaguan.infra.database import Database
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.canned import CannedFault, CannedImport, CannedReply, CannedSpec
from chaguan.protocol.content import Card, Content, Image

MAX_SHARED = 2_000
MAX_OWN = 500


class Place(msgspec.Struct, frozen=True):
    """Where a reply is kept: among the caller's own or the shared ones, of one shop or of all."""

    is_shared: bool
    shop_id: str = ""

    def owner(self, caller: Caller) -> str:
        return "" if self.is_shared else caller.user_id


class Pictures(Protocol):
    """What pictures need of media."""

    async def attach(self, caller: Caller, content: Content, /) -> Content: ...
    def link(self, media_id: str, variant: str = ..., /) -> str: ...


class CannedReplies:
    def __init__(self, db: Database, pictures: Pictures, clock: Clock = now_ms) -> None:
        self._db = db
        self._pictures = pictures
        self._clock = clock

    async def list_replies(self, caller: Caller, shop_id: str = "") -> list[CannedReply]:
        """The caller's own and the shared ones, each with how the caller used it. With a shop: what serves it."""
        self.access_replies(caller)
        now = self._clock()

        def work(con: Connection) -> tuple[list[CannedReply], dict[str, store.Use]]:
            found = [*store.of_owner(con, caller.user_id), *store.of_owner(con, "")]
            return found, store.uses(con, caller.user_id)

        found, uses = await self._db.read(work)
        wanted = [each for each in found if not shop_id or each.shop_id in ("", shop_id)]
        return [self._shown(each, uses.get(each.id), now) for each in wanted]

    async def create(self, caller: Caller, place: Place, spec: CannedSpec) -> CannedReply:
        """`conflict`: `taken` (the shortcut), `too_many`."""
        self.access_place(caller, place)
        spec = await self._ready(caller, spec, [])
        reply = rules.as_reply(
            spec,
            id=new_id("r"),
            shop_id=place.shop_id,
            owner_id=place.owner(caller),
            updated_at=self._clock(),
        )

        def work(con: Connection) -> None:
            others = store.of_owner(con, reply.owner_id)
            _check_room(others, reply.owner_id, 1)
            _put(con, caller, reply, others, AuditAction.reply_created)

        await self._db.write(work)
        return self._shown(reply, None, 0)

    async def replace(
        self, caller: Caller, reply_id: str, spec: CannedSpec, shop_id: str | None = None
    ) -> CannedReply:
        """All of it anew; `shop_id`: moved to that shop, where it is said."""
        former = await self.access_reply(caller, reply_id)
        spec = await self._ready(caller, spec, [former])
        reply = rules.as_reply(
            spec,
            id=former.id,
            shop_id=former.shop_id if shop_id is None else shop_id,
            owner_id=former.owner_id,
            updated_at=self._clock(),
        )

        def work(con: Connection) -> None:
            if store.find(con, reply.id) is None:
                raise AppError(ErrorCode.not_found, "no such reply")
            _put(con, caller, reply, store.of_owner(con, reply.owner_id), AuditAction.reply_changed)

        await self._db.write(work)
        return self._shown(reply, None, 0)

    async def remove(self, caller: Caller, reply_id: str) -> None:
        former = await self.access_reply(caller, reply_id)
        now = self._clock()

        def work(con: Connection) -> None:
            store.remove(con, former.id)
            if not former.owner_id:
                record_act(con, now, caller, AuditAction.reply_removed, former.id, shortcut=former.shortcut)

        await self._db.write(work)

    async def note_used(self, caller: Caller, reply_id: str) -> None:
        """So that what is used often and lately is found first."""
        self.access_replies(caller)
        now = self._clock()

        def work(con: Connection) -> None:
            reply = store.find(con, reply_id)
            if reply is None or reply.owner_id not in ("", caller.user_id):
                raise AppError(ErrorCode.not_found, "no such reply")
            last = store.use(con, caller.user_id, reply_id)
            score = rules.used_once_more(last.score, now - last.at)
            store.set_use(con, caller.user_id, reply_id, store.Use(score, now))

        await self._db.write(work)

    async def export(self, caller: Caller, place: Place, form: Format) -> bytes:
        """Those of a place, for `load` of this or another deployment. Pictures stay here: only cards go along."""
        self.access_replies(caller)
        found = await self._db.read(lambda con: store.of_owner(con, place.owner(caller)))
        kept = [rules.spec_of(each) for each in found if each.shop_id == place.shop_id]
        cards = [
            msgspec.structs.replace(each, contents=[one for one in each.contents if isinstance(one, Card)])
            for each in kept
        ]
        return write([each for each in cards if each.texts or each.contents], form)

    async def load(
        self, caller: Caller, place: Place, raw: bytes, form: Format, *, is_trial: bool = False
    ) -> CannedImport:
        """Rows that are right are made, or replace the reply with their shortcut; the others are named. `is_trial`: tells
        what would happen, and changes nothing."""
        self.access_place(caller, place)
        found = read(raw, form)
        rows = [row for row in found.rows if not _brings_pictures(row, found.faults)]
        now, owner_id = self._clock(), place.owner(caller)
        ids = [new_id("r") for _ in rows]

        def work(con: Connection) -> CannedImport:
            others = store.of_owner(con, owner_id)
            here = {each.shortcut: each for each in others if each.shop_id == place.shop_id}
            new = [row for row in rows if row.spec.shortcut not in here]
            _check_room(others, owner_id, len(new))
            if not is_trial:
                for row, id in zip(rows, ids, strict=True):
                    former = here.get(row.spec.shortcut)
                    where = {
                        "id": former.id if former else id,
                        "shop_id": place.shop_id,
                        "owner_id": owner_id,
                    }
                    store.put(con, rules.as_reply(row.spec, **where, updated_at=now))
                if place.is_shared:
                    counts = {"created": len(new), "changed": len(rows) - len(new)}
                    record_act(con, now, caller, AuditAction.replies_imported, place.shop_id, **counts)
            return CannedImport(len(new), len(rows) - len(new))

        done = await (self._db.read(work) if is_trial else self._db.write(work))
        done.faults = sorted(found.faults, key=lambda fault: fault.line)
        return done

    def access_replies(self, caller: Caller) -> None:
        if not desk_rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")

    def access_place(self, caller: Caller, place: Place) -> None:
        """Agents write among their own, administrators also among the shared ones."""
        self.access_replies(caller)
        if place.is_shared:
            access_admin(caller)

    async def access_reply(self, caller: Caller, reply_id: str) -> CannedReply:
        """One that the caller may change; a colleague's own one is not there for others."""
        self.access_replies(caller)
        reply = await self._db.read(lambda con: store.find(con, reply_id))
        if reply is None or reply.owner_id not in ("", caller.user_id):
            raise AppError(ErrorCode.not_found, "no such reply")
        if not reply.owner_id:
            access_admin(caller)
        return reply

    async def _ready(self, caller: Caller, spec: CannedSpec, former: Sequence[CannedReply]) -> CannedSpec:
        """With the facts of its pictures; those that it had before may be a colleague's."""
        spec = rules.cleaned(spec)
        known = {one.media_id: one for each in former for one in each.contents if isinstance(one, Image)}
        contents: list[Any] = []
        for content in spec.contents:
            if isinstance(content, Image):
                kept = known.get(content.media_id)
                contents.append(kept or await self._pictures.attach(caller, content))
            else:
                contents.append(content)
        return msgspec.structs.replace(spec, contents=contents)

    def _shown(self, reply: CannedReply, use: store.Use | None, now: int) -> CannedReply:
        contents = [self._with_link(content) for content in reply.contents]
        score = rules.decayed(use.score, now - use.at) if use else 0
        return msgspec.structs.replace(reply, contents=contents, score=score)

    def _with_link(self, content: Image | Card) -> Image | Card:
        if isinstance(content, Card):
            return content
        link, media_id = self._pictures.link, content.media_id
        return msgspec.structs.replace(
            content, url=link(media_id, "original"), thumb_url=link(media_id, "thumb")
        )


def _put(
    con: Connection, caller: Caller, reply: CannedReply, others: Sequence[CannedReply], action: AuditAction
) -> None:
    for other in others:
        if (other.shop_id, other.shortcut) == (reply.shop_id, reply.shortcut) and other.id != reply.id:
            raise AppError(ErrorCode.conflict, "the shortcut is taken", reason="taken", reply_id=other.id)
    store.put(con, reply)
    if not reply.owner_id:
        record_act(
            con, reply.updated_at, caller, action, reply.id, shortcut=reply.shortcut, title=reply.title
        )


def _check_room(others: Sequence[CannedReply], owner_id: str, more: int) -> None:
    limit = MAX_OWN if owner_id else MAX_SHARED
    if len(others) + more > limit:
        raise AppError(ErrorCode.conflict, "too many replies", reason="too_many", limit=limit)


def _brings_pictures(row: Row, faults: list[CannedFault]) -> bool:
    """A picture's id means nothing in another deployment, and here it may be somebody else's."""
    brings = any(isinstance(content, Image) for content in row.spec.contents)
    if brings:
        faults.append(CannedFault(row.line, "field", {"field": "contents"}))
    return brings
