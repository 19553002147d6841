import secrets
from pathlib import Path

import pytest
from sqlalchemy import Connection

from chaguan.accounts import jws
from chaguan.accounts.secrets import open_secrets
from chaguan.accounts.service import open_accounts
from chaguan.accounts.store import apps as app_store
from chaguan.accounts.store.apps import SealedSecret
from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.infra.database import SqliteDatabase, metadata
from chaguan.infra.sealing import Keyring, Vault, new_root

NOW = 1_790_000_000_000


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


class CountingDatabase(SqliteDatabase):
    reads = 0
    writes = 0

    async def read(self, work):
        self.reads += 1
        return await super().read(work)

    async def write(self, work):
        self.writes += 1
        return await super().write(work)

    @property
    def calls(self) -> int:
        return self.reads + self.writes


@pytest.fixture
async def db(tmp_path: Path):
    database = CountingDatabase(tmp_path / "test.db", synchronous="OFF")
    await database.write(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def vault() -> Vault:
    keyring = Keyring(FixedKeys())
    return Vault(keyring, new_root(keyring))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
async def accounts(db, vault, clock):
    return await open_accounts(db, vault, clock=clock)


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
