"""What agents call cases: free words, suggested to their colleagues."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.cases import Cases
from chaguan.desk.changes import Changes, Step
from chaguan.desk.model import Held
from chaguan.desk.store import tags as store
from chaguan.infra.database import Database
from chaguan.protocol import commands as c
from chaguan.protocol.desk import CaseEventKind, Reason
from chaguan.protocol.replies import CaseReply

MOST = 20
"""Of one case."""
SUGGESTED = 100


class Tags:
    def __init__(self, db: Database, cases: Cases, changes: Changes, clock: Clock) -> None:
        self._db = db
        self._cases = cases
        self._changes = changes
        self._clock = clock

    async def set_tags(self, caller: Caller, command: c.SetCaseTags) -> CaseReply:
        case, room = await self._cases.access_case(caller, command.case_id)
        add, remove = _cleaned(command.add), _cleaned(command.remove)

        def decide(_con: Connection, held: Held, _at: int) -> Step | None:
            return changed(held, add, remove)

        after, event = await self._changes.change(room, caller.user_id, case.id, decide)
        if event is not None and add:
            now = self._clock()
            await self._db.write(lambda con: store.use(con, case.shop_id, add, now))
        return CaseReply(after.case)


def changed(held: Held, add: Iterable[str], remove: Iterable[str]) -> Step | None:
    """The case with these tags and without those; None where it is so already. For rules that tag, too."""
    before, gone = held.case.tags, set(remove)
    after = [tag for tag in dict.fromkeys([*before, *add]) if tag not in gone]
    if after == before:
        return None
    if len(after) > MOST:
        raise AppError(ErrorCode.conflict, "tags", reason="too_many", limit=MOST)
    data = {
        "added": [tag for tag in after if tag not in before],
        "removed": [tag for tag in before if tag not in after],
    }
    case = msgspec.structs.replace(held.case, tags=after)
    return Step(
        held=msgspec.structs.replace(held, case=case), kind=CaseEventKind.tagged, reason=Reason("tags", data)
    )


def _cleaned(tags: Iterable[str]) -> list[str]:
    cleaned = [tag.strip() for tag in tags]
    if not all(tag and tag.isprintable() for tag in cleaned):
        raise AppError(ErrorCode.bad_request, "a tag is a word", field="tags")
    return list(dict.fromkeys(cleaned))
