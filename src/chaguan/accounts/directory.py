"""Users by id, for every page of messages: mostly from memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.cache import EVERYTHING, Cache, Readings
from chaguan.accounts.news import PROFILE, News
from chaguan.accounts.store import users as store
from chaguan.accounts.store.users import Identity
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.protocol.conversations import User

_CHUNK = 500


class Directory:
    """Not access-checked: who may see a user is decided where their id was found."""

    def __init__(self, db: Database, news: News, cache_size: int = 20_000) -> None:
        self._db = db
        self._news = news
        self._held: Cache[str, User] = Cache(cache_size)
        self._readings = Readings()

    def peek(self, user_id: str) -> User | None:
        """What is in memory, without waiting."""
        return self._held.find(user_id)

    async def users(self, ids: Iterable[str]) -> list[User]:
        """In the order asked, each once; unknown ids are missing."""
        wanted = dict.fromkeys(ids)
        found = {user_id: user for user_id in wanted if (user := self._held.find(user_id)) is not None}
        missing = [user_id for user_id in wanted if user_id not in found]
        for start in range(0, len(missing), _CHUNK):
            found.update(await self._load(missing[start : start + _CHUNK]))
        return [found[user_id] for user_id in wanted if user_id in found]

    async def get(self, user_id: str) -> User:
        found = await self.users([user_id])
        if not found:
            raise AppError(ErrorCode.not_found, "no such user")
        return found[0]

    async def identity(self, user_id: str) -> Identity | None:
        """How the business knows a user: its own id if there is one, else the openid."""
        found = await self._db.read(lambda connection: store.list_identities(connection, user_id))
        rank = {"app": 0, "openid": 1}
        named = [identity for identity in found if identity.kind in rank]
        return min(named, key=lambda identity: rank[identity.kind], default=None)

    async def wechat_ids(self, user_id: str, app_id: str) -> tuple[str, str]:
        """Openid in an app, and unionid; empty where there is none."""
        found = await self._db.read(lambda connection: store.list_identities(connection, user_id))
        openid = next((one.external_id for one in found if (one.kind, one.app_id) == ("openid", app_id)), "")
        return openid, next((one.external_id for one in found if one.kind == "unionid"), "")

    async def attributes(self, user_id: str) -> dict[str, Any]:
        """What the business's own server told of a user."""
        found: dict[str, Any] = msgspec.json.decode(
            await self._db.read(lambda connection: store.get_attributes(connection, user_id))
        )
        return found

    async def colleagues(self, text: str, limit: int) -> list[User]:
        """Staff who joined and are not disabled, by name."""
        return await self._db.read(lambda connection: store.list_colleagues(connection, text, limit))

    async def desk_staff(self, user_ids: Sequence[str]) -> set[str]:
        """Those of them who joined, are not disabled and may sit at a desk."""
        return await self._db.read(lambda connection: store.list_desk_staff(connection, user_ids))

    def hold(self, user: User) -> None:
        """The newest state of a user, by whoever just stored or read it."""
        self._readings.changed(user.id)
        self._held.put(user.id, user)
        self._news.tell(PROFILE, user.id)

    @contextmanager
    def reading(self) -> Iterator[Callable[[User], None]]:
        """For who reads users for a purpose of their own: what they learn is held, unless it changed meanwhile."""
        with self._readings.reading() as changed:

            def learn(user: User) -> None:
                if not {user.id, EVERYTHING} & changed:
                    self._held.put(user.id, user)

            yield learn

    def forget_all(self) -> None:
        self._readings.all_changed()
        self._held.clear()

    def forget(self, user_id: str) -> None:
        self._readings.changed(user_id)
        self._held.forget(user_id)

    async def _load(self, ids: Sequence[str]) -> dict[str, User]:
        def work(connection: Connection) -> list[User]:
            return store.list_users(connection, ids)

        with self.reading() as learn:
            found = {user.id: user for user in await self._db.read(work)}
            for user in found.values():
                learn(user)
        return found
