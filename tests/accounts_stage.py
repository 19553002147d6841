"""Accounts on a real database file, with a clock that stands still: for domain and contract tests."""

import secrets

import pytest
from sqlalchemy import Connection

from chaguan.accounts import SignedIn, Visitor, jws, open_accounts
from chaguan.accounts.passwords import Passwords
from chaguan.accounts.secrets import open_secrets
from chaguan.accounts.store import apps as app_store
from chaguan.accounts.store.apps import SealedSecret
from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.core.caller import Caller, Role
from chaguan.infra.database import Database
from chaguan.infra.sealing import Keyring, Vault, new_root
from chaguan.platforms.sandbox import SandboxWeChat
from chaguan.platforms.sandbox.wechat import VendorError
from chaguan.platforms.wechat import SessionKey, WeChatApp, WeChatIdentity
from chaguan.platforms.wechat.errors import vendor_error

NOW = 1_790_000_000_000
PASSWORD = "correct horse battery"


class FixedKeys:
    name = "test keys"

    def __init__(self) -> None:
        self.keys = [secrets.token_bytes(32)]

    def stamp(self) -> None:
        return None

    def read(self) -> list[bytes]:
        return self.keys


class Ticking:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now

    def pass_ms(self, ms: int) -> None:
        self.now += ms


class CountingDatabase:
    """A database that counts what it is asked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.dialect = db.dialect
        self.reads = 0
        self.writes = 0

    async def read(self, work):
        self.reads += 1
        return await self._db.read(work)

    async def write(self, work):
        self.writes += 1
        return await self._db.write(work)

    async def close(self) -> None:
        await self._db.close()

    @property
    def calls(self) -> int:
        return self.reads + self.writes


@pytest.fixture
async def db(open_database):
    database = CountingDatabase(open_database())
    yield database
    await database.close()


@pytest.fixture
def vault() -> Vault:
    keyring = Keyring(FixedKeys())
    return Vault(keyring, new_root(keyring))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


class SandboxClient:
    """The product's stand-in for WeChat, without the HTTP between (tested in contract/platforms)."""

    def __init__(self, sandbox: SandboxWeChat) -> None:
        self._sandbox = sandbox

    async def code_to_session(self, app: WeChatApp, code: str) -> WeChatIdentity:
        try:
            found = self._sandbox.code_to_session(app.app_id, app.secret, code, "authorization_code")
        except VendorError as error:
            raise vendor_error(error.errcode, "") from None
        return WeChatIdentity(found.openid, found.unionid, SessionKey(found.session_key))


@pytest.fixture
def sandbox(clock):
    return SandboxWeChat({"wx1": "wxsecret1", "wx2": "wxsecret2"}, clock=clock)


@pytest.fixture
async def accounts(db, vault, clock, sandbox):
    passwords = Passwords(time_cost=1, memory_kib=64)
    return await open_accounts(db, vault, SandboxClient(sandbox), clock=clock, passwords=passwords)


@pytest.fixture
async def owner(accounts) -> Caller:
    """The first administrator, signed in."""
    first = await accounts.first_start("Tea")
    here = Visitor("192.0.2.1", "owner-browser")
    signed_in = await accounts.sign_in.staff(here, first.email, first.password)
    return await accounts.authenticator.recognise(signed_in.access_token, "owner-browser")


@pytest.fixture
def join(accounts, owner):
    """Invites somebody and follows the link; gives the caller and what signing in returned."""

    async def invite(role: str, email: str = "") -> tuple[Caller, SignedIn]:
        link = await accounts.staff.invite(owner, email or f"{role}@shop.example", role.title(), Role(role))
        here = Visitor("192.0.2.2", f"{role}-browser")
        signed_in = await accounts.invitations.accept(here, link.token, "", PASSWORD)
        caller = await accounts.authenticator.authenticate(signed_in.access_token, here.device_id)
        return caller, signed_in

    return invite


@pytest.fixture
async def make_app(db, vault, accounts):
    """Stores an app with one secret, as the verbs of administrators do."""
    sealing = await open_secrets(db, vault)

    async def make(app_id: str = "a_teashop") -> AppSecret:
        secret = AppSecret(secrets.token_urlsafe(32))

        def work(connection: Connection) -> None:
            app_store.insert_app(
                connection, id=app_id, shop_id="s_1", kind="web", name="Shop", created_at=NOW
            )
            sealed = SealedSecret("1", sealing.seal("app_secret", "1", secret.text), 0)
            app_store.replace_app_secrets(connection, app_id, [sealed], NOW)

        await db.write(work)
        return secret

    return make


@pytest.fixture
def token_for(clock):
    def sign(secret: AppSecret, subject: str, app_id: str = "a_teashop", **claims) -> str:
        if not claims:
            return sign_user_token(secret, app_id, subject, clock())
        seconds = clock() // 1000
        payload = {"sub": subject, "app": app_id, "iat": seconds, "exp": seconds + 3600, **claims}
        return jws.sign(payload, secret.text.encode())

    return sign
