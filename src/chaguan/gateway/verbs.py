"""Which verb answers which command. The same table serves WebSocket and HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from chaguan.commerce import CommerceService
from chaguan.contact import ContactService
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import DeskService
from chaguan.desk.context import ContextService
from chaguan.messaging import Messaging
from chaguan.messaging.ports import Asking
from chaguan.protocol import commands as c
from chaguan.protocol.callbacks import Callbacks
from chaguan.protocol.conversations import User
from chaguan.protocol.replies import CustomerContext, Desk, Opened, Users, WallReply

Verb = Callable[[Caller, Any], Awaitable[Struct | None]]


class People(Protocol):
    """What the edge asks of accounts."""

    async def users(self, ids: Sequence[str]) -> list[User]: ...
    async def colleagues(self, text: str, limit: int) -> list[User]: ...


ShopOf = Callable[[Caller, str], Awaitable[str]]
"""The shop that a caller means: the named one, their app's, or the only one."""


class Verbs:
    def __init__(
        self,
        messaging: Messaging,
        desk: DeskService,
        context: ContextService,
        contact: ContactService,
        people: People,
        shop_of: ShopOf,
        commerce: CommerceService,
    ) -> None:
        self._desk = desk
        self._context = context
        self._people = people
        self.shop_of = shop_of
        self._messages = messaging.messages
        m = messaging
        self._table: dict[type[Struct], Verb] = {
            c.SendMessage: m.messages.send,
            c.ForwardMessages: m.forwarding.forward,
            c.EditMessage: m.messages.edit,
            c.RecallMessage: m.messages.recall,
            c.SetReaction: m.messages.set_reaction,
            c.SetTyping: m.messages.set_typing,
            c.MarkRead: m.marks.mark_read,
            c.ListConversations: m.conversations.page,
            c.GetConversation: m.conversations.get,
            c.GetHistory: m.sync.history,
            c.GetMessages: m.sync.messages,
            c.PullEntries: m.sync.pull,
            c.CreateDirect: m.conversations.create_direct,
            c.CreateGroup: m.conversations.create_group,
            c.OpenService: self._open_service,
            c.ListMembers: m.members.page,
            c.AddMembers: m.members.add,
            c.RemoveMember: m.members.remove,
            c.SetMemberRole: m.members.set_role,
            c.UpdateConversation: m.conversations.update,
            c.UpdateInbox: m.conversations.update_inbox,
            c.SearchMessages: m.search.search,
            c.GetUsers: self._get_users,
            c.ListContacts: self._list_contacts,
            c.SetBlock: m.safety.set_block,
            c.ReportUser: m.safety.report,
            c.WatchDesk: self.watch_desk,
            c.SetCaseTags: desk.tags.set_tags,
            c.WatchWall: self.watch_wall,
            c.GetWechatContact: contact.get,
            c.TakeCase: desk.cases.take,
            c.ResolveCase: desk.cases.resolve,
            c.ReopenCase: desk.reopen,
            c.ListCases: desk.cases.list_cases,
            c.TransferCase: desk.cases.transfer,
            c.OpenCase: desk.cases.open_case,
            c.GetCaseHistory: desk.cases.history,
            c.SetAgentState: desk.agents.set_state,
            c.GetWaiting: desk.lines.waiting,
            c.GetService: desk.own_cases.service,
            c.SuggestAnswers: desk.automation.suggesting.suggest,
            c.RateCase: desk.own_cases.rate,
            c.LeaveLine: desk.own_cases.leave_line,
            c.LeaveMessage: desk.callbacks.leave_message,
            c.ListCallbacks: self._list_callbacks,
            c.TakeCallback: desk.callbacks.take,
            c.GetCustomerContext: self._get_customer_context,
            c.WriteNote: desk.notes.write,
            c.EditNote: desk.notes.edit,
            c.RemoveNote: desk.notes.remove,
            c.ListNotes: desk.notes.page,
            c.WatchNotes: desk.notes.watch,
            c.TypeNote: desk.notes.typing,
            c.ListMentions: desk.notes.mentions,
            c.ReadMentions: desk.notes.read_mentions,
            c.ActOnCard: commerce.acts.act,
            c.SearchNotes: desk.note_search.search,
        }

    async def run(self, caller: Caller, command: Struct) -> Struct | None:
        if caller.kind == "server":
            # A key belongs to nobody: as a user it would own groups and read what its scopes do not name.
            raise AppError(ErrorCode.forbidden, "an API key asks under /v1/server")
        verb = self._table.get(type(command))
        if verb is None:
            raise AppError(ErrorCode.bad_request, "this command needs a connection")
        return await verb(caller, command)

    def begin(self, caller: Caller, command: Struct, asking: Asking) -> bool:
        """The short way of what nearly all commands are; false: nothing was done, `run` does it."""
        if type(command) is not c.SendMessage or caller.kind == "server":
            return False
        return self._messages.begin_send(caller, command, asking)

    async def watch_desk(self, caller: Caller, command: c.WatchDesk) -> Desk:
        return await self._desk.watch(caller, command, await self.shop_of(caller, command.shop_id))

    async def watch_wall(self, caller: Caller, command: c.WatchWall) -> WallReply:
        return await self._desk.walls.watch(caller, await self.shop_of(caller, command.shop_id))

    async def _open_service(self, caller: Caller, command: c.OpenService) -> Opened:
        return await self._desk.open_service(caller, command, await self.shop_of(caller, command.shop_id))

    async def _list_callbacks(self, caller: Caller, command: c.ListCallbacks) -> Callbacks:
        return await self._desk.callbacks.page(caller, await self.shop_of(caller, command.shop_id))

    async def _get_users(self, _caller: Caller, command: c.GetUsers) -> Users:
        return Users(await self._people.users(command.user_ids))

    async def _list_contacts(self, caller: Caller, command: c.ListContacts) -> Users:
        if not caller.is_staff:
            return Users([])
        found = await self._people.colleagues(command.query, command.limit + 1)
        return Users([user for user in found if user.id != caller.user_id][: command.limit])

    async def _get_customer_context(self, caller: Caller, command: c.GetCustomerContext) -> CustomerContext:
        return await self._context.of(caller, command.conversation_id, command.language, anew=command.refresh)
