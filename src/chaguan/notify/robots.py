"""A shop's group robots, as administrators arrange them."""

from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import Shops, access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.core.settings import RobotSites
from chaguan.infra.database import Database
from chaguan.infra.http import GuardedHttp
from chaguan.notify import rules, store
from chaguan.notify.addresses import Addresses, robot_of
from chaguan.notify.model import Bell, NotifySettings, Robot, RobotKept, RobotSpec, Sealed, Tried
from chaguan.notify.words import as_text, trial_notice
from chaguan.platforms import robots as platform
from chaguan.protocol.audit import AuditAction

MAX_ROBOTS = 20
"""Of one shop."""


class Robots:
    def __init__(
        self,
        db: Database,
        addresses: Addresses,
        shops: Shops,
        http: GuardedHttp,
        sites: RobotSites,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._db = db
        self._addresses = addresses
        self._shops = shops
        self._http = http
        self._sites = sites
        self._public_url = public_url
        self._clock = clock

    async def settings(self, caller: Caller, shop_id: str) -> NotifySettings:
        access_admin(caller)
        found = await self._db.read(store.all_settings)
        return found.get(shop_id) or NotifySettings()

    async def put_settings(self, caller: Caller, shop_id: str, settings: NotifySettings) -> NotifySettings:
        access_admin(caller)
        now = self._clock()
        detail: dict[str, Any] = msgspec.to_builtins(settings)

        def work(con: Connection) -> None:
            store.put_settings(con, shop_id, settings)
            record_act(con, now, caller, AuditAction.notify_changed, shop_id, **detail)

        await self._db.write(work)
        return settings

    async def list_robots(self, caller: Caller, shop_id: str) -> list[Robot]:
        access_admin(caller)
        found = await self._db.read(partial(store.robots_of, shop_id=shop_id))
        return [self._shown(bell) for bell in found]

    async def create(self, caller: Caller, shop_id: str, spec: RobotSpec) -> Robot:
        """`bad_request` (`not_a_robot`) for an address elsewhere. `conflict` (`known`): it is told already."""
        access_admin(caller)
        robot = platform.read_address(spec.address, self._sites)
        now, bell_id = self._clock(), new_id("bl")
        values = {
            **self._values(bell_id, robot, spec),
            "id": bell_id,
            "kind": robot.vendor.value,
            "shop_id": shop_id,
            "created_at": now,
        }

        def work(con: Connection) -> Bell:
            if len(store.robots_of(con, shop_id)) >= MAX_ROBOTS:
                raise AppError(ErrorCode.conflict, "robots", reason="too_many", limit=MAX_ROBOTS)
            _refuse_known(con, values["tag"], bell_id)
            store.add(con, values)
            record_act(con, now, caller, AuditAction.robot_created, bell_id, **_recorded(spec))
            return _robot(con, shop_id, bell_id)

        return self._shown(await self._db.write(work))

    async def change(self, caller: Caller, shop_id: str, robot_id: str, spec: RobotSpec) -> Robot:
        """All of it anew, but for an address or secret that is left empty."""
        access_admin(caller)
        held = await self._db.read(partial(_robot, shop_id=shop_id, robot_id=robot_id))
        known = robot_of(held.kind, self._addresses.open(held))
        robot = platform.read_address(spec.address, self._sites) if spec.address else known
        secret = "" if spec.remove_secret else spec.secret or (known.secret if not spec.address else "")
        spec = msgspec.structs.replace(spec, secret=secret)
        values = {**self._values(robot_id, robot, spec), "kind": robot.vendor.value}
        now = self._clock()

        def work(con: Connection) -> Bell:
            _robot(con, shop_id, robot_id)
            _refuse_known(con, values["tag"], robot_id)
            store.change(con, robot_id, **values)
            record_act(con, now, caller, AuditAction.robot_changed, robot_id, **_recorded(spec))
            return _robot(con, shop_id, robot_id)

        return self._shown(await self._db.write(work))

    async def remove(self, caller: Caller, shop_id: str, robot_id: str) -> None:
        access_admin(caller)
        now = self._clock()

        def work(con: Connection) -> None:
            kept = _kept(_robot(con, shop_id, robot_id))
            store.remove(con, [robot_id])
            record_act(con, now, caller, AuditAction.robot_removed, robot_id, name=kept.name)

        await self._db.write(work)

    async def test(self, caller: Caller, shop_id: str, robot_id: str) -> Tried:
        """Says something in the group, now. `rate_limited` for who can't wait: vendors count."""
        access_admin(caller)
        now = self._clock()

        def work(con: Connection) -> tuple[Bell, int, NotifySettings]:
            bell = _robot(con, shop_id, robot_id)
            settings = store.all_settings(con).get(shop_id) or NotifySettings()
            return bell, store.note_test(con, robot_id, now, rules.TEST_GAP_MS), settings

        bell, wait_ms, settings = await self._db.write(work)
        if wait_ms:
            raise AppError(ErrorCode.rate_limited, "a moment ago", retry_after_ms=wait_ms)
        shop = await self._shops.find(shop_id)
        said = trial_notice(shop.name if shop else "", settings.language)
        return await self._say(bell, as_text(said, self._public_url, _kept(bell).keyword), now)

    async def _say(self, bell: Bell, text: str, now: int) -> Tried:
        robot = robot_of(bell.kind, self._addresses.open(bell))
        try:
            refusal = await platform.send_text(self._http, robot, text, now)
        except AppError as error:
            refusal = platform.outcome_of(error)
        if refusal is None:
            return Tried(state="sent", at=now)
        return Tried(state="not_sent", reason=refusal.reason, vendor_code=refusal.code, at=now)

    def _values(self, bell_id: str, robot: platform.Robot, spec: RobotSpec) -> dict[str, Any]:
        name, keyword = spec.name.strip(), spec.keyword.strip()
        if not name or not name.isprintable():
            raise AppError(ErrorCode.bad_request, "a robot has a name", field="name")
        kept = RobotKept(name=name, keyword=keyword, queues=spec.queues, enabled=spec.enabled)
        sealed = Sealed(base=robot.base, key=robot.key, secret=spec.secret.strip())
        return {
            "tag": self._addresses.tag_of_robot(robot),
            "spec": msgspec.json.encode(kept).decode(),
            "sealed": self._addresses.seal(bell_id, sealed),
        }

    def _shown(self, bell: Bell) -> Robot:
        kept = _kept(bell)
        return Robot(
            id=bell.id,
            shop_id=bell.shop_id,
            vendor=platform.Vendor(bell.kind),
            name=kept.name,
            keyword=kept.keyword,
            queues=kept.queues,
            enabled=kept.enabled,
            has_secret=bool(self._addresses.open(bell).secret),
            created_at=bell.created_at,
            last=bell.tried,
        )


def _kept(bell: Bell) -> RobotKept:
    return msgspec.json.decode(bell.spec, type=RobotKept)


def _robot(con: Connection, shop_id: str, robot_id: str) -> Bell:
    bell = store.find(con, robot_id)
    if bell is None or not bell.is_robot or bell.shop_id != shop_id:
        raise AppError(ErrorCode.not_found, "no such robot")
    return bell


def _refuse_known(con: Connection, tag: str, own_id: str) -> None:
    other = store.find_by_tag(con, tag)
    if other is not None and other.id != own_id:
        raise AppError(ErrorCode.conflict, "this robot is told already", reason="known", field="address")


def _recorded(spec: RobotSpec) -> dict[str, Any]:
    """That address or secret changed, not to what."""
    given: dict[str, Any] = msgspec.to_builtins(spec)
    hidden = {name: "…" for name in ("address", "secret") if given[name]}
    return {name: value for name, value in given.items() if name not in ("address", "secret")} | hidden
