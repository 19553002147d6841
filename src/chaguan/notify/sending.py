"""One notice to one bell: said in a group by its robot, or pushed to a device whose agent is still signed in there."""

import logging
from collections.abc import Awaitable, Callable

import msgspec

from chaguan.accounts import Authenticator
from chaguan.core.caller import Caller, Role
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.logs import places
from chaguan.infra.http import GuardedHttp
from chaguan.notify import rules
from chaguan.notify.addresses import Addresses, robot_of
from chaguan.notify.devices import TOPIC, Devices
from chaguan.notify.model import Bell, DeviceKept, Language, RobotKept
from chaguan.notify.rules import Outcome
from chaguan.notify.words import Notice, as_text
from chaguan.platforms.robots import harmless, outcome_of, send_text

logger = logging.getLogger("chaguan.notify")
Words = Callable[[Language], Notice]


class Sending:
    def __init__(
        self,
        addresses: Addresses,
        authenticator: Authenticator,
        devices: Devices,
        http: GuardedHttp,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._addresses = addresses
        self._authenticator = authenticator
        self._devices = devices
        self._http = http
        self._public_url = public_url
        self._clock = clock

    async def attempt(self, bell: Bell, words: Words, language: Language, topic: str = TOPIC) -> Outcome:
        """`language` is that of the shop's groups; a device has its own. Counts as the bell's `attempts`."""
        if bell.is_robot:
            return await self._say(bell, words(language))
        if not await self._is_signed_in(bell):
            return Outcome("not_sent", "signed_out", is_gone=True)
        own = msgspec.json.decode(bell.spec, type=DeviceKept).language
        pushed = await self._devices.call(bell, words(own), self._clock(), topic)
        if not pushed.reason:
            return Outcome("sent")
        if pushed.is_gone:
            return Outcome("not_sent", pushed.reason, pushed.status, is_gone=True)
        return rules.after(pushed.reason, pushed.status, pushed.retry_in_ms, bell.attempts)

    async def _say(self, bell: Bell, notice: Notice) -> Outcome:
        notice = notice._replace(title=harmless(notice.title), text=harmless(notice.text))
        keyword = msgspec.json.decode(bell.spec, type=RobotKept).keyword
        text = as_text(notice, self._public_url, keyword)
        robot = robot_of(bell.kind, self._addresses.open(bell))
        refusal = await send_text(self._http, robot, text, self._clock())
        if refusal is None:
            return Outcome("sent")
        return rules.after(refusal.reason, refusal.code, refusal.retry_in_ms, bell.attempts)

    async def _is_signed_in(self, bell: Bell) -> bool:
        """The news that a device was signed out may have been lost; the database knows."""
        kept = msgspec.json.decode(bell.spec, type=DeviceKept)
        caller = Caller(
            "staff",
            bell.user_id,
            device_id=bell.device_id,
            role=Role(kept.role) if kept.role else None,
            session_id=kept.session_id,
        )
        try:
            await self._authenticator.check_still_welcome(caller)
        except AppError as error:
            if error.code not in (ErrorCode.unauthenticated, ErrorCode.forbidden):
                raise
            return False
        return True


async def outcome_of_attempt(attempt: Awaitable[Outcome], number: int) -> Outcome:
    """What became of the attempt with this number, whatever went wrong."""
    try:
        return await attempt
    except AppError as error:
        refusal = outcome_of(error)
        return rules.after(refusal.reason, refusal.code, refusal.retry_in_ms, number)
    except Exception as error:  # noqa: BLE001  one bell must not silence the others
        logger.error("a call failed: %s at %s", type(error).__name__, places(error))
        return Outcome("not_sent", "internal")
