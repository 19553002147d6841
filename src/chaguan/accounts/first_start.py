"""What a deployment without data begins with: one owner and one shop."""

import secrets

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.passwords import Passwords
from chaguan.accounts.store import apps as app_store
from chaguan.accounts.store import staff as store
from chaguan.accounts.store import users as user_store
from chaguan.core.caller import Role
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.protocol.conversations import User, UserKind

FIRST_EMAIL = "admin@localhost"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class FirstAdministrator(msgspec.Struct, frozen=True):
    """To be shown once, on the console of who starts the server. Only the hash is stored."""

    email: str
    password: str

    def __repr__(self) -> str:
        return f"FirstAdministrator({self.email!r})"


async def make_first_administrator(
    db: Database, passwords: Passwords, now: int, name: str = "Admin"
) -> FirstAdministrator | None:
    """None when there is any staff already, however often this is asked."""
    if await db.read(store.has_staff):
        return None
    first = FirstAdministrator(FIRST_EMAIL, _password())
    user = User(new_id("u"), UserKind.staff, name)
    hashed = await passwords.hash(first.password)

    def work(connection: Connection) -> bool:
        if store.has_staff(connection):
            return False
        user_store.insert_user(connection, user, now)
        store.insert_member(
            connection,
            user.id,
            email=first.email,
            role=Role.owner.value,
            password_hash=hashed,
            joined_at=now,
        )
        store.update_member(connection, user.id, must_change_password=True)
        return True

    return first if await db.write(work) else None


async def make_first_shop(db: Database, name: str, now: int) -> None:
    shop_id = new_id("s")

    def work(connection: Connection) -> None:
        if not app_store.list_shops(connection):
            app_store.insert_shop(connection, id=shop_id, name=name[:100], created_at=now)

    await db.write(work)


def _password() -> str:
    """80 bits and easy to type."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
