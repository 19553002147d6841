"""Who stands where in the access matrix: each caller gets a conversation of its own, set up alike."""

import asyncio
from dataclasses import dataclass

from chaguan.accounts import Scope
from chaguan.accounts.apps import AppKind, NewApp
from chaguan.accounts.sessions import Visitor
from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.app import Deployment
from chaguan.core.caller import Caller, Role
from chaguan.core.clock import now_ms
from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text

GROUP = ("owner", "member", "former member")
CALLERS = {
    "direct": ("member", "blocked peer"),
    "group, all history": GROUP,
    "group, from joining": GROUP,
    "service": ("customer", "agent before taking", "agent after taking", "agent after resolving"),
}
OUTSIDERS = ("stranger", "staff without desk", "agent", "admin", *(f"key {scope.value}" for scope in Scope))


def callers_of(kind: str) -> list[str]:
    others = [name for name in OUTSIDERS if (name, kind) != ("agent", "service")]
    return [*CALLERS[kind], *others]


def key() -> str:
    return uuid_text(uuid7())


@dataclass
class Scene:
    """A conversation before the caller comes. `target_seq` is somebody else's message, the newest."""

    caller: Caller
    conversation_id: str
    victim: Caller
    newcomer: Caller
    target_seq: int
    case_id: str = "k_none"


class Cast:
    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._count = 0
        self._outsiders: dict[str, Caller] = {}
        self.tokens: dict[str, str] = {}

    async def assemble(self) -> None:
        accounts = self.deployment.accounts
        first = await accounts.first_start("茶铺")
        assert first is not None
        signed = await accounts.sign_in.staff(Visitor("127.0.0.1", "d_owner"), first.email, first.password)
        self.boss = await accounts.authenticator.recognise(signed.access_token)
        shop = await accounts.shops.choose("", "")
        app = await accounts.apps.create(self.boss, NewApp(shop_id=shop.id, kind=AppKind.web, name="网站"))
        self._app_id, self._secret = app.id, AppSecret(app.secret)
        self.host = await self.staff("host", Role.member)
        self.agent = await self.staff("mei", Role.agent)
        self._outsiders = {
            "stranger": await self.customer(),
            "staff without desk": await self.staff("cook", Role.member),
            "agent": self.agent,
            "admin": await self.staff("lin", Role.admin),
        }
        for scope in Scope:
            made = await accounts.keys.create(self.boss, scope.value, [scope])
            self._outsiders[f"key {scope.value}"] = await accounts.authenticator.authenticate(made.key)

    async def customer(self) -> Caller:
        self._count += 1
        return await self.deployment.accounts.authenticator.authenticate(
            self.token(f"c{self._count}"), f"d{self._count}"
        )

    def token(self, name: str) -> str:
        return sign_user_token(self._secret, self._app_id, name, now_ms())

    async def staff(self, name: str, role: Role) -> Caller:
        accounts = self.deployment.accounts
        link = await accounts.staff.invite(self.boss, f"{name}@tea.example", name, role)
        visitor = Visitor("127.0.0.1", f"d_{name}")
        signed = await accounts.invitations.accept(visitor, link.token, name, "a long enough password")
        self.tokens[name] = signed.access_token
        return await accounts.authenticator.authenticate(signed.access_token)

    def outsider(self, name: str) -> Caller:
        return self._outsiders[name]

    async def scene(self, kind: str, name: str) -> Scene:
        if kind == "direct":
            return await self._direct(name)
        if kind == "service":
            return await self._service(name)
        return await self._group(name, history="all" in kind)

    async def _direct(self, name: str) -> Scene:
        peer = await self.customer()
        opened = await self._ask(self.host, c.CreateDirect(id=1, user_id=peer.user_id))
        id = opened.view.conversation.id
        await self._ask(peer, self.saying(id, "你好"))
        sent = await self._ask(self.host, self.saying(id, "在的"))
        if name == "blocked peer":
            await self._ask(self.host, c.SetBlock(id=1, user_id=peer.user_id, on=True))
        caller = peer if name in CALLERS["direct"] else self.outsider(name)
        return Scene(caller, id, self.host, await self.customer(), sent.seq)

    async def _group(self, name: str, history: bool) -> Scene:
        """一 · the caller and the victim join · 二 · the former member leaves · 三"""
        people = [await self.customer() for _ in range(4)]
        mate, victim, gone, newcomer = people
        command = c.CreateGroup(
            id=1, client_msg_id=key(), name="群", member_ids=[gone.user_id], join_history=history
        )
        id = (await self._ask(self.host, command)).view.conversation.id
        where = {"id": 1, "conversation_id": id}
        await self._ask(self.host, self.saying(id, "一"))
        joining = [mate.user_id, victim.user_id]
        await self._ask(self.host, c.AddMembers(client_msg_id=key(), user_ids=joining, **where))
        await self._ask(self.host, self.saying(id, "二"))
        await self._ask(self.host, c.RemoveMember(client_msg_id=key(), user_id=gone.user_id, **where))
        sent = await self._ask(self.host, self.saying(id, "三"))
        own = {"owner": self.host, "member": mate, "former member": gone}
        return Scene(own.get(name) or self.outsider(name), id, victim, newcomer, sent.seq)

    async def _service(self, name: str) -> Scene:
        customer = await self.customer()
        id = (await self._ask(customer, c.OpenService(id=1))).view.conversation.id
        sent = await self._ask(customer, self.saying(id, "在吗"))
        case_id = await self._case(id)
        if name.startswith("agent after"):
            await self._ask(self.agent, c.TakeCase(id=1, case_id=case_id))
        if name == "agent after resolving":
            await self._ask(self.agent, c.ResolveCase(id=1, case_id=case_id))
        own = {"customer": customer, **dict.fromkeys(CALLERS["service"][1:], self.agent)}
        newcomer = await self.customer()
        return Scene(own.get(name) or self.outsider(name), id, customer, newcomer, sent.seq, case_id)

    async def _case(self, conversation_id: str) -> str:
        async with asyncio.timeout(5):
            while True:
                await self.deployment.desk.caught_up()
                desk = await self._ask(self.agent, c.WatchDesk(id=1))
                for case in desk.cases:
                    if case.conversation_id == conversation_id:
                        return case.id

    def saying(self, conversation_id: str, text: str) -> c.SendMessage:
        return c.SendMessage(id=1, conversation_id=conversation_id, client_msg_id=key(), content=Text(text))

    async def _ask(self, caller: Caller, command: object):
        return await self.deployment.verbs.run(caller, command)
