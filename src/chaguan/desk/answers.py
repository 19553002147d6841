"""A shop's list of questions: kept by its administrators, read by agents, asked by the bot."""

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import faq_files, rules
from chaguan.desk.shelf import Shelves
from chaguan.desk.store import answers as store
from chaguan.infra.database import Database
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.automation import FaqEntry, FaqImported, FaqPage, FaqSpec, FaqTrial, Further
from chaguan.protocol.content import Card, Content, Image

MAX_TEXTS = 5_000
"""Of one shop; a question in two languages is two."""
MAX_BYTES = 8 * 1024 * 1024


Attach = Callable[[Caller, Content], Awaitable[Content]]
"""Fills in what is known of a picture that whoever saves it has uploaded; refuses one that is none of theirs."""


async def as_given(_caller: Caller, content: Content) -> Content:
    return content


class Answers:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.shelves = Shelves(db)
        self.attach: Attach = as_given

    def access_change(self, caller: Caller) -> None:
        access_admin(caller)

    async def page(self, caller: Caller, shop_id: str, words: str, limit: int, offset: int) -> FaqPage:
        access_answers(caller)
        entries, total = await self._db.read(lambda con: store.page(con, shop_id, words, limit, offset))
        after = offset + len(entries)
        return FaqPage(entries, total, after if after < total else 0)

    async def put(self, caller: Caller, shop_id: str, entry_id: str, spec: FaqSpec) -> FaqEntry:
        """Makes an entry (without an id, at the end of the list) or changes one."""
        access_admin(caller)
        contents = await attached(self.attach, caller, spec.contents)
        now, is_new = self._clock(), not entry_id
        entry = _entry(entry_id or new_id("f"), spec, now, contents)

        def work(con: Connection) -> FaqEntry:
            stored = entry
            if not is_new and store.find(con, shop_id, entry_id) is None:
                raise AppError(ErrorCode.not_found, "no such entry")
            if is_new and not spec.position:
                last = store.size(con, shop_id).last_position
                stored = msgspec.structs.replace(entry, position=last + 1)
            store.put(con, shop_id, [stored])
            _check_size(con, shop_id)
            record_act(con, now, caller, AuditAction.faq_changed, stored.id, **_named(stored))
            return stored

        return await self._db.write(work)

    async def remove(self, caller: Caller, shop_id: str, entry_id: str) -> None:
        access_admin(caller)
        now = self._clock()

        def work(con: Connection) -> None:
            if not store.remove(con, shop_id, entry_id):
                raise AppError(ErrorCode.not_found, "no such entry")
            record_act(con, now, caller, AuditAction.faq_removed, entry_id)

        await self._db.write(work)

    async def take_in(
        self, caller: Caller, shop_id: str, file: bytes, *, is_csv: bool, replace: bool, good_only: bool
    ) -> FaqImported:
        """A file of entries. All of it or nothing; `good_only` takes the good rows, and `replace` removes what does
        not stand in it."""
        access_admin(caller)
        read = await faq_files.read(file, is_csv=is_csv)
        report = FaqImported(stored=False, bad_rows=read.bad_rows, faults=read.faults)
        if (read.bad_rows and not good_only) or not read.entries:
            return report
        now = self._clock()

        def work(con: Connection) -> FaqImported:
            known = store.ids(con, shop_id)
            last = 0 if replace else store.size(con, shop_id).last_position
            entries = [_placed(con, shop_id, each, last, now, known) for each in read.entries]
            if replace:
                store.clear(con, shop_id)
            store.put(con, shop_id, entries)
            _check_size(con, shop_id)
            mine = {entry.id for entry in entries}
            done = msgspec.structs.replace(
                report,
                stored=True,
                added=len(mine - known),
                changed=len(mine & known),
                removed=len(known - mine) if replace else 0,
            )
            figures = {"added": done.added, "changed": done.changed, "removed": done.removed}
            record_act(con, now, caller, AuditAction.faq_imported, shop_id, **figures)
            return done

        return await self._db.write(work)

    async def give_out(self, caller: Caller, shop_id: str, *, is_csv: bool) -> bytes:
        """The whole list as a file that `take_in` takes. A CSV file has no pictures and cards."""
        access_answers(caller)
        entries = await self._db.read(lambda con: store.everything(con, shop_id))
        return await faq_files.write(entries, is_csv=is_csv)

    async def try_out(self, caller: Caller, shop_id: str, text: str) -> FaqTrial:
        """What the bot would do, and why."""
        access_answers(caller)
        return await self.shelves.explain(shop_id, text)


def access_answers(caller: Caller) -> None:
    """Agents see what the bot knows; they don't change it."""
    if not rules.is_agent(caller):
        raise AppError(ErrorCode.forbidden, "only agents")


async def attached(attach: Attach, caller: Caller, contents: Further) -> Further:
    found = [await attach(caller, content) for content in contents]
    return [content for content in found if isinstance(content, Card | Image)]


def _entry(entry_id: str, spec: FaqSpec, now: int, contents: Further) -> FaqEntry:
    return FaqEntry(
        id=entry_id,
        changed_at=now,
        texts=spec.texts,
        contents=contents,
        position=spec.position,
        enabled=spec.enabled,
    )


def _placed(
    con: Connection, shop_id: str, read: faq_files.Read, last: int, now: int, known: set[str]
) -> FaqEntry:
    """A row as it is stored: pictures and cards stay with an entry that was there before, since a file has none."""
    former = store.find(con, shop_id, read.entry.id) if read.entry.id in known else None
    position = former.position if former else last + read.place
    return msgspec.structs.replace(
        read.entry, changed_at=now, position=position, contents=former.contents if former else []
    )


def _check_size(con: Connection, shop_id: str) -> None:
    size = store.size(con, shop_id)
    if size.texts > MAX_TEXTS:
        raise AppError(ErrorCode.conflict, "too many texts", reason="too_many", limit=MAX_TEXTS)
    if size.bytes > MAX_BYTES:
        raise AppError(ErrorCode.too_large, "the list is too large", limit=MAX_BYTES)


def _named(entry: FaqEntry) -> dict[str, str]:
    text = next(iter(entry.texts.values()))
    return {"question": text.question[:100]}
