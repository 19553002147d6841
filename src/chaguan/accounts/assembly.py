"""The accounts, put together once per process."""

from chaguan.accounts.access_tokens import FULL_LIFE_MS, IDLE_LIFE_MS, TokenSigner
from chaguan.accounts.acts import Acts
from chaguan.accounts.apps import Apps
from chaguan.accounts.audit import Audit
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.devices import Devices
from chaguan.accounts.directory import Directory
from chaguan.accounts.first_start import FirstAdministrator, make_first_administrator, make_first_shop
from chaguan.accounts.invitations import Invitations
from chaguan.accounts.keys import Keys
from chaguan.accounts.known_apps import KnownApps
from chaguan.accounts.me import Me
from chaguan.accounts.news import APP, PROFILE, SHOPS, USER, News
from chaguan.accounts.passwords import Passwords
from chaguan.accounts.second_factor import SecondFactor
from chaguan.accounts.secrets import Secrets, open_secrets
from chaguan.accounts.seen import SeenDevices
from chaguan.accounts.shops import Shops
from chaguan.accounts.sign_in import SignIn
from chaguan.accounts.staff import Staff
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import staff as staff_store
from chaguan.accounts.throttle import Throttle
from chaguan.accounts.users import Users
from chaguan.accounts.wechat_sign_in import WechatSignIn
from chaguan.core.clock import Clock, now_ms
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.platforms.wechat import WeChatClient

SIGNING = "accounts: access and refresh tokens"


class Accounts:
    """What this domain offers, by noun. Made with `open_accounts`."""

    def __init__(
        self,
        db: Database,
        secrets: Secrets,
        signer: TokenSigner,
        wechat: WeChatClient,
        passwords: Passwords,
        clock: Clock,
        name: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._passwords = passwords
        acts, throttle = Acts(db, clock), Throttle(db)
        self.news = news = News()
        self.seen = SeenDevices(db)
        self.known_apps = apps = KnownApps(db, secrets)
        self.directory = directory = Directory(db, news)
        self.authenticator = auth = Authenticator(db, apps, signer, directory, self.seen, clock, news)
        self.second_factor = SecondFactor(db, secrets, passwords, throttle, clock, name)
        self.sign_in = SignIn(db, signer, passwords, self.second_factor, throttle, auth, clock)
        self.wechat_client = wechat
        self.wechat = WechatSignIn(db, apps, wechat, signer, auth, directory, clock)
        self.invitations = Invitations(db, signer, passwords, auth, directory, clock)
        self.me = Me(db, passwords, throttle, auth, directory, clock)
        self.devices = Devices(db, acts, auth, clock)
        self.staff = Staff(acts, auth, directory)
        self.shops = Shops(acts, secrets, apps, news)
        self.apps = Apps(acts, secrets, auth)
        self.keys = Keys(acts, auth)
        self.users = Users(db, directory, auth, clock)
        self.audit = Audit(acts, directory)

    def heard(self, kind: str, id: str) -> None:
        """Another process changed what this one may remember (`news`)."""
        if kind == USER:
            self.authenticator.unlearn(id)
        elif kind == PROFILE:
            self.directory.forget(id)
        elif kind == APP:
            self.authenticator.unlearn_app(id)
        elif kind == SHOPS:
            self.shops.forget()

    def forget_all(self) -> None:
        """News may have been missed."""
        self.authenticator.unlearn_all()
        self.directory.forget_all()
        self.known_apps.forget_all()
        self.shops.forget()

    async def first_start(self, shop_name: str) -> FirstAdministrator | None:
        """Makes the first owner and shop where there is none. The answer is for the console, once."""
        await make_first_shop(self._db, shop_name, self._clock())
        return await make_first_administrator(self._db, self._passwords, self._clock())

    async def tidy(self) -> None:
        """To be called about once a minute and before the end: writes what is only in memory, and drops a chunk of
        what is over."""
        now = self._clock()
        await self.seen.flush()
        stale = now - min(IDLE_LIFE_MS, FULL_LIFE_MS)
        await self._db.write(lambda connection: device_store.drop_old_sessions(connection, stale))
        await self._db.write(lambda connection: staff_store.drop_clear_tallies(connection, now))


async def open_accounts(
    db: Database,
    vault: Vault,
    wechat: WeChatClient,
    *,
    name: str = "Chaguan",
    clock: Clock = now_ms,
    passwords: Passwords | None = None,
) -> Accounts:
    """`name` is what authenticator apps show as the issuer."""
    secrets = await open_secrets(db, vault)
    signer = TokenSigner([vault.derive(SIGNING)])
    return Accounts(db, secrets, signer, wechat, passwords or Passwords(), clock, name)
