"""The composition root: the only place that builds and chooses."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from chaguan.accounts import Accounts, open_accounts
from chaguan.commerce import CommerceService
from chaguan.contact import ContactService
from chaguan.core.caller import Caller
from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings
from chaguan.desk import AgentAccess, ContextService, ContextSource, DeskService
from chaguan.desk.canned import CannedReplies
from chaguan.gateway.addresses import forwarded_address, proxies
from chaguan.gateway.edge import Edge, EdgeSettings
from chaguan.gateway.pace import Pace
from chaguan.gateway.polling import Polling
from chaguan.gateway.presence import PresenceBoard
from chaguan.gateway.publisher import HubPublisher
from chaguan.gateway.routes import Routes
from chaguan.gateway.verbs import Verbs
from chaguan.infra import facts, opening
from chaguan.infra.blobs import Blobs
from chaguan.infra.broker import Broker, open_broker
from chaguan.infra.database import Database
from chaguan.infra.http import GuardedHttp
from chaguan.infra.migrations import migrate
from chaguan.infra.sealing import Keyring, Vault, new_root
from chaguan.media import Decoders, Media
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.notify import NotifyService
from chaguan.others import Others, part_from
from chaguan.platforms.wechat import WeChatClient
from chaguan.protocol.commands import Command
from chaguan.protocol.content import Content
from chaguan.protocol.errors import CloseCode

if TYPE_CHECKING:
    from chaguan.infra.standing import Standing
    from chaguan.platforms.sandbox import Pusher

logger = logging.getLogger("chaguan")
EPOCH = "epoch"
TIDY_S = 60
SWEEP_S = 3_600
LOOK_S = 30
_SPEAKER = Caller("server", "desk", scopes=frozenset({"messages:write"}))


class Deployment:
    """Everything one process serves, built and in its order of starting."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        vault: Vault,
        keyring: Keyring,
        accounts: Accounts,
        epoch: str,
        http: GuardedHttp,
        broker: Broker | None = None,
    ) -> None:
        self.settings = settings
        self.db = db
        self.vault = vault
        self.keyring = keyring
        self.accounts = accounts
        self.http = http
        self.started_at = now_ms()
        self.broker = broker
        self.others: Others | None = None
        self.standing: Standing | None = None
        self.pusher: Pusher | None = None
        """What the sandbox pushes with, where it is on."""
        self.publisher = HubPublisher()
        self.blobs = Blobs.of(settings)
        self.media = Media(db, vault, self.blobs, Decoders(), settings.limits)
        self.messaging = Messaging(
            db,
            vault,
            self.publisher,
            accounts.directory,
            AgentAccess(),
            self._before_append,
            self.media.link,
            limits=settings.limits,
            policy=settings.policy,
            search=settings.search,
        )
        self.desk = DeskService(
            db, self.messaging, self.publisher, accounts.directory, accounts.directory.attributes
        )
        self.canned = CannedReplies(db, self.media)
        self.desk.notes.desk_staff = accounts.directory.desk_staff
        self.desk.automation.speak_as(self._voice)
        self.desk.automation.answers.attach = self.media.attach
        self.contact = ContactService(
            db,
            vault,
            accounts,
            self.messaging,
            self.media,
            self.desk,
            self.publisher,
            accounts.wechat_client,
            http,
            settings,
        )
        self.notify = NotifyService(
            db, vault, accounts, self.messaging, self.desk, http, settings, sandbox_push(settings)
        )
        self.commerce = CommerceService(db, vault, self.messaging)
        context = ContextService(self.desk, accounts.directory, _Sources(accounts), self._fetch)
        verbs = Verbs(
            self.messaging,
            self.desk,
            context,
            self.contact,
            accounts.directory,
            self.shop_of,
            self.commerce,
        )
        self.verbs = verbs
        self.routes = Routes(
            verbs, self.messaging.sync, accounts.authenticator, accounts.directory, epoch, settings.limits
        )
        self.pace = Pace(settings.limits.commands_per_second)
        self.edge: Edge
        self.polling: Polling
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, edge_settings: EdgeSettings | None = None, *, consumers: bool = True) -> None:
        """`consumers`: whether this process follows the log too, or leaves that to another."""
        self.edge = Edge(self.routes, Command, edge_settings or self._edge_settings())
        self.polling = Polling(self.routes, self.edge.hub, self.pace)
        self.accounts.authenticator.on_signed_out = self._signed_out
        self.accounts.authenticator.on_reauthorize = self._reauthorize
        await self._take_standing()
        if self.settings.bucket is not None:
            self.blobs.owner = await _fact(self.db, opening.BLOBS_OWNER, secrets.token_hex(8).encode())
        await self.blobs.check_start()
        await self._meet_others()
        await self.messaging.start(consumers=consumers)
        self.desk.agents.is_here = self.edge.hub.is_local
        await self.desk.start(consumers=consumers)
        await self.contact.start(consumers=consumers)
        await self.notify.start(consumers=consumers)
        await self.commerce.start()
        self._tasks = [
            asyncio.create_task(_every(TIDY_S, self.accounts.tidy)),
            asyncio.create_task(_every(SWEEP_S, self.media.sweep)),
            asyncio.create_task(_every(SWEEP_S, self.contact.tidy)),
            asyncio.create_task(_every(SWEEP_S, self.blobs.sweep_leftovers)),
            asyncio.create_task(_every(LOOK_S, self.blobs.look)),
        ]

    async def _take_standing(self) -> None:
        if not self.settings.is_shared or self.broker is None:
            return
        # Only here, as its driver is.
        from chaguan.infra.database.postgres import PostgresDatabase
        from chaguan.infra.standing import Standing

        if isinstance(self.db, PostgresDatabase):
            self.standing = Standing(self.db, self.broker)
            await self.standing.start()

    async def _meet_others(self) -> None:
        hub, directory = self.edge.hub, self.accounts.directory
        if self.broker is None or not self.broker.is_shared:
            self.publisher.bind(hub)
            self.routes.bind(hub, PresenceBoard(hub, directory))
            return
        self.others = others = Others(
            self.broker,
            hub,
            self.accounts,
            self.messaging,
            self.settings,
            self._signed_out,
            self._reauthorize,
            (self.messaging.search.feed, self.desk.feed),
        )
        self.publisher.bind(hub, others.relay)
        self.routes.bind(hub, others.presence, others.relay)
        await others.start()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.pusher is not None:
            await self.pusher.stop()
        await self.commerce.stop()
        await self.notify.stop()
        await self.contact.stop()
        await self.desk.stop()
        await self.media.close()
        await self.messaging.stop()
        if self.others is not None:
            await self.others.stop()
        await self.accounts.tidy()
        await self.http.close()
        if self.standing is not None:
            await self.standing.stop()
        await self.db.close()

    async def shop_of(self, caller: Caller, shop_id: str) -> str:
        """The shop a caller means: the one they name, their app's, or the only one."""
        if caller.app_id:
            of_app = (await self.accounts.known_apps.get(caller.app_id, now_ms())).shop_id
            if shop_id not in ("", of_app):
                raise AppError(ErrorCode.not_found, "no such shop")
            shop_id = of_app
        shop = await (self.accounts.shops.find(shop_id) if shop_id else self.accounts.shops.only())
        if shop is None:
            raise AppError(ErrorCode.not_found, "no such shop")
        return shop.id

    async def _before_append(self, caller: Caller, room: Room, content: Content) -> Content:
        return await self.commerce.cards.fill(caller, room, await self.media.attach(caller, content))

    async def _voice(self, shop_id: str) -> str:
        """The bot that speaks for a shop: the same that the business's own servers speak as."""
        shop = await self.accounts.shops.find(shop_id)
        if shop is None:
            return ""
        return await self.accounts.users.access_voice(_SPEAKER, shop.id, shop.name)

    async def _fetch(self, url: str, headers: dict[str, str]) -> bytes:
        answer = await self.http.send("GET", url, headers=headers, timeout_s=2, max_bytes=64 * 1024)
        if answer.status != 200:
            reason = "redirected" if 300 <= answer.status < 400 else "unexpected_status"
            raise AppError(
                ErrorCode.unavailable, f"the shop's server answered {answer.status}", reason=reason
            )
        return answer.body

    def _signed_out(self, user_id: str, device_id: str | None, reason: str) -> None:
        self.notify.signed_out(user_id, device_id)
        for session in self.edge.hub.sessions_of(user_id):
            if device_id in (None, session.device_id):
                part_from(session, reason)

    def _reauthorize(self, user_id: str) -> None:
        """What the user may do has changed: their sessions come back and are told anew."""
        for session in self.edge.hub.sessions_of(user_id):
            session.close(CloseCode.REAUTHORIZE, "rights changed")

    def _edge_settings(self) -> EdgeSettings:
        limits = self.settings.limits
        return EdgeSettings(
            rate=limits.commands_per_second,
            burst=2 * limits.commands_per_second,
            connections_per_address=limits.connections_per_address,
            slow_s=self.settings.slow_ms / 1000,
            address_of=forwarded_address(self.settings.trusted_proxies),
            is_proxy=proxies(self.settings.trusted_proxies),
        )


class _Sources:
    """How a shop's server is asked about a customer."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def source(self, user_id: str, app_id: str) -> ContextSource | None:
        identity = await self._accounts.directory.identity(user_id)
        if identity is None:
            return None
        app_id = app_id or identity.app_id
        app = await self._accounts.known_apps.get(app_id, now_ms())
        found = await self._accounts.shops.context_source(app.shop_id)
        url, secret = (found.url, found.secret) if found else ("", "")
        openid, unionid = await self._accounts.directory.wechat_ids(user_id, app_id)
        return ContextSource(url, secret, identity.external_id, app_id, "", openid, unionid)


def sandbox_push(settings: Settings) -> str:
    """Where devices may be subscribed without TLS: at the sandbox's push service, if it is on."""
    base = settings.wechat.base_url.removesuffix("/wechat")
    return f"{base}/push/" if settings.sandbox and base.endswith("/sandbox") else ""


async def open_deployment(settings: Settings, *, allow: Sequence[str] = ()) -> Deployment:
    """Open the data of a deployment, making it at the first start. The caller holds the folder's lock."""
    opening.prepare_folder(settings.data)
    db = await opening.open_database(settings)
    try:
        return await _open_on(db, settings, allow)
    except BaseException as error:
        await db.close()
        if isinstance(error, AppError) and error.detail.startswith("database: "):
            reason = error.detail.removeprefix("database: ")
            raise ConfigError(
                f"The database can't be used ({reason}); mend that (is its disk full?) and start again."
            ) from error
        raise


async def _open_on(db: Database, settings: Settings, allow: Sequence[str]) -> Deployment:
    keyring = await opening.open_keyring(settings, db)
    await migrate(db)
    await opening.claim_folder(settings, db)
    vault = Vault(keyring, await _fact(db, opening.ROOT, new_root(keyring)))
    epoch = (await _fact(db, EPOCH, secrets.token_hex(8).encode())).decode()
    http = GuardedHttp(allow=[*settings.allow_private_addresses, *allow], timeout_s=5)
    wechat = WeChatClient(http, settings.wechat.base_url)
    accounts = await open_accounts(db, vault, wechat, name=settings.name)
    broker = open_broker(settings.redis_url, epoch)
    return Deployment(settings, db, vault, keyring, accounts, epoch, http, broker)


async def _fact(db: Database, name: str, first: bytes) -> bytes:
    return await db.write(lambda connection: facts.ensure(connection, name, first))


async def _every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except AppError as error:
            logger.warning("housekeeping: %s", error)
