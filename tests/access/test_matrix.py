"""Caller × verb × object: who may do what, whole, against the table in `matrix.md` (DESIGN §10.5).

After a wanted change of the rules, `python -m tests.access.test_matrix` writes the table anew; what it changes shows
in the review. A command without a row fails here.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from chaguan.accounts.staff import StaffChange
from chaguan.app import open_deployment
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits, Settings
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import MemberRole
from chaguan.protocol.desk import AgentState
from chaguan.protocol.replies import ConversationSync, History, MemberPage
from chaguan.protocol.schema import REPLY_OF
from tests.access.cast import CALLERS, OUTSIDERS, Cast, Scene, callers_of, key

TABLE = Path(__file__).with_name("matrix.md")
HEAD = """# Who may do what

What each command gives to each caller. Written by `python -m tests.access.test_matrix`, checked by the tests.

`ok` alone: done. `ok 3`: done, and so many entries, messages, members or shops were seen. Any other word is the
error. Closing a conversation says whether a session that listened there hears on; keys open no session to ask it in.
An outsider has nothing to do with the conversation; a former member was removed before its last message, and a
member joined after its first. The message that is edited, recalled or reacted to is somebody else's, the newest.
"""


def in_conversation(scene: Scene) -> list[Struct]:
    """Every command that names a conversation, what destroys the scene last."""
    at: dict[str, Any] = {"id": 1, "conversation_id": scene.conversation_id}
    changing: dict[str, Any] = {**at, "client_msg_id": key()}
    target: dict[str, Any] = {**changing, "target_seq": scene.target_seq}
    victim: dict[str, Any] = {**changing, "user_id": scene.victim.user_id}
    return [
        c.GetConversation(**at),
        c.CloseConversation(**at),
        c.GetHistory(**at),
        c.GetMessages(**at, seqs=list(range(1, 20))),
        c.PullEntries(**at, after_seq=0),
        c.ListMembers(**at),
        c.SearchMessages(id=1, query="你好", conversation_id=scene.conversation_id),
        c.GetWechatContact(**at),
        c.GetCustomerContext(**at),
        c.MarkRead(**at, seq=1),
        c.SetTyping(**at),
        c.UpdateInbox(**at, pinned=True),
        c.SendMessage(**{**changing, "client_msg_id": key()}, content=Text("喂")),
        # From here to here: only who sees it and may speak in it.
        c.ForwardMessages(
            **{**changing, "client_msg_id": key()},
            seqs=[1, 2, 3, 4],
            to_conversation_id=scene.conversation_id,
        ),
        c.EditMessage(**{**target, "client_msg_id": key()}, content=Text("改")),
        c.SetReaction(**{**target, "client_msg_id": key()}, emoji="👍", on=True),
        c.RecallMessage(**{**target, "client_msg_id": key()}),
        c.UpdateConversation(**{**changing, "client_msg_id": key()}, name="新名"),
        c.AddMembers(**{**changing, "client_msg_id": key()}, user_ids=[scene.newcomer.user_id]),
        c.SetMemberRole(**{**victim, "client_msg_id": key()}, role=MemberRole.admin),
        c.ReportUser(**{**victim, "client_msg_id": key()}, reason="x", seqs=[1]),
        c.RemoveMember(**{**victim, "client_msg_id": key()}),
        c.OpenCase(id=1, client_msg_id=key(), conversation_id=scene.conversation_id, subject="发票"),
        c.GetWaiting(**at),
        c.GetService(**at),
        c.SuggestAnswers(**at, text="退款多久"),
        c.GetCaseHistory(id=1, case_id=scene.case_id),
        c.SetCaseTags(id=1, case_id=scene.case_id, add=["退货"]),
        c.TransferCase(id=1, case_id=scene.case_id, queue_id="q_none"),
        c.ListCases(**at),
        c.ResolveCase(id=1, case_id=scene.case_id),
        c.TakeCase(id=1, case_id=scene.case_id),
        c.WriteNote(**{**changing, "client_msg_id": key()}, text="给同事的"),
        c.EditNote(**{**changing, "client_msg_id": key()}, seq=1, text="改"),
        c.RemoveNote(**{**changing, "client_msg_id": key()}, seq=1),
        c.ListNotes(**at),
        c.SearchNotes(**at, query="给同事的"),
        c.WatchNotes(**at),
        c.TypeNote(**at),
        c.RateCase(id=1, case_id=scene.case_id, stars=5),
        c.ReopenCase(id=1, case_id=scene.case_id),
        c.LeaveLine(id=1, case_id=scene.case_id),
        c.LeaveMessage(**{**changing, "client_msg_id": key()}, text="回电"),
        c.TakeCallback(id=1, case_id=scene.case_id),
        c.ActOnCard(**{**changing, "client_msg_id": key()}, intent="nobody's"),
    ]


def of_oneself(cast: Cast, caller: Caller) -> list[Struct]:
    """Every command that names none."""
    other = cast.host.user_id if caller.user_id != cast.host.user_id else cast.agent.user_id
    return [
        c.ListConversations(id=1),
        c.GetUsers(id=1, user_ids=[other]),
        c.ListContacts(id=1),
        c.CreateDirect(id=1, user_id=other),
        c.CreateGroup(id=1, client_msg_id=key(), name="群", member_ids=[other]),
        c.OpenService(id=1),
        c.SetBlock(id=1, user_id=other, on=True),
        c.WatchDesk(id=1),
        c.WatchWall(id=1),
        c.ListCallbacks(id=1),
        c.SetAgentState(id=1, state=AgentState.offline),
        c.ListMentions(id=1),
        c.ReadMentions(id=1),
        c.SearchNotes(id=1, query="你好"),
    ]


class Seat:
    """A session as far as the routes and the hub look at it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.user_id = caller.user_id
        self.topics: list[str] = []


ON_A_CONNECTION = (c.Hello, c.Resume, c.Heartbeat, c.WatchPresence)
"""They need a session; who gets one is the tests' business of the edge and of accounts."""


async def shops_served(cast: Cast, caller: Caller) -> str:
    try:
        return f"ok {len(await cast.deployment.accounts.shops.list_served(caller))}"
    except AppError as error:
        return error.code.value


async def outcome(cast: Cast, caller: Caller, command: Struct) -> str:
    try:
        if isinstance(command, c.CloseConversation):
            return await _closed(cast, caller, command)
        result = await cast.deployment.verbs.run(caller, command)
    except AppError as error:
        return error.code.value
    return _seen(result)


async def _closed(cast: Cast, caller: Caller, command: c.CloseConversation) -> str:
    """What the session that listened there still hears."""
    seat: Any = Seat(caller)
    hub = cast.deployment.edge.hub
    hub.subscribe(seat, command.conversation_id)
    try:
        await cast.deployment.routes.call(seat, command)
        return "ok, hears on" if seat.topics else "ok, hears no more"
    finally:
        hub.unsubscribe(seat, command.conversation_id)


def _seen(result: Struct | None) -> str:
    match result:
        case History():
            return f"ok {len(result.messages)}"
        case ConversationSync():
            # As on the wire: short absences are answered with entries that are JSON already.
            entries = msgspec.json.decode(msgspec.json.encode(result)).get("entries", [])
            return f"ok {sum(each['type'] != 'entry_hidden' for each in entries)}"
        case MemberPage():
            return f"ok {len(result.members)}"
    return "ok"


async def matrix(folder: Path) -> str:
    deployment = await open_deployment(
        Settings(data_dir=str(folder), limits=Limits(messages_per_second=1_000))
    )
    await deployment.start()
    try:
        cast = Cast(deployment)
        await cast.assemble()
        parts = [HEAD]
        for kind in CALLERS:
            cells = {}
            for name in callers_of(kind):
                scene = await cast.scene(kind, name)
                commands = in_conversation(scene)
                cells[name] = {_tag(each): await outcome(cast, scene.caller, each) for each in commands}
            parts.append(_table(kind.capitalize(), cells))
        own = {}
        for name in OUTSIDERS:
            caller = cast.outsider(name)
            own[name] = {_tag(each): await outcome(cast, caller, each) for each in of_oneself(cast, caller)}
            own[name]["GET /v1/me/shops"] = await shops_served(cast, caller)
        parts.append(_table("No conversation", own))
        return "\n".join(parts)
    finally:
        await deployment.stop()


def _tag(command: Struct) -> str:
    return str(command.__struct_config__.tag)


def _table(title: str, cells: dict[str, dict[str, str]]) -> str:
    names = list(cells)
    lines = [f"## {title}", "", f"| command | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for command in next(iter(cells.values())):
        lines.append(f"| `{command}` | {' | '.join(cells[name][command] for name in names)} |")
    return "\n".join([*lines, ""])


def rows(text: str) -> set[str]:
    return {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}


async def test_who_may_do_what_is_as_the_table_says(tmp_path):
    found = (await matrix(tmp_path / "data")).splitlines()
    assert found == TABLE.read_text(encoding="utf-8").splitlines()


def test_every_command_has_a_row():
    named = rows(TABLE.read_text(encoding="utf-8")) | {
        str(each.__struct_config__.tag) for each in ON_A_CONNECTION
    }
    assert {str(each.__struct_config__.tag) for each in REPLY_OF} <= named


def test_a_table_that_lacks_a_row_is_noticed():
    text = "\n".join(
        line for line in TABLE.read_text(encoding="utf-8").splitlines() if "`take_case`" not in line
    )
    assert "take_case" not in rows(text)


async def test_someone_disabled_gets_through_no_door(tmp_path):
    deployment = await open_deployment(Settings(data_dir=str(tmp_path / "data")))
    await deployment.start()
    try:
        cast = Cast(deployment)
        await cast.assemble()
        accounts = deployment.accounts
        await accounts.staff.change(cast.boss, cast.agent.user_id, StaffChange(disabled=True))
        with pytest.raises(AppError) as refused:
            await accounts.authenticator.authenticate(cast.tokens["mei"])
        assert refused.value.code in (ErrorCode.forbidden, ErrorCode.unauthenticated)
    finally:
        await deployment.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        TABLE.write_text(asyncio.run(matrix(Path(scratch) / "data")), encoding="utf-8")
