"""The accounts, put together once per process."""

from chaguan.accounts.access_tokens import TokenSigner
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.known_apps import KnownApps
from chaguan.accounts.secrets import Secrets, open_secrets
from chaguan.accounts.seen import SeenDevices
from chaguan.core.clock import Clock, now_ms
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault

_SIGNING = "accounts: access and refresh tokens"


class Accounts:
    """What this domain offers, by noun. Made with `open_accounts`."""

    def __init__(self, db: Database, secrets: Secrets, signer: TokenSigner, clock: Clock) -> None:
        self._db = db
        self.seen = SeenDevices(db)
        self.known_apps = KnownApps(db, secrets)
        self.directory = Directory(db)
        self.authenticator = Authenticator(db, self.known_apps, signer, self.directory, self.seen, clock)


async def open_accounts(db: Database, vault: Vault, *, clock: Clock = now_ms) -> Accounts:
    secrets = await open_secrets(db, vault)
    return Accounts(db, secrets, TokenSigner([vault.derive(_SIGNING)]), clock)
