"""Pure decisions: of whom a bell tells, whether it rings now, and what follows from a failed call."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from chaguan.desk import Alert, AlertKind, Scene, Wait
from chaguan.notify.model import Bell, DeviceKept, NotifySettings, RobotKept
from chaguan.protocol.desk import AgentState

GAP_MS = 10_000
"""Between two calls of one bell, whatever happens: with retries and tests it stays below 20 a minute, which is what
WeCom and DingTalk bear of a robot."""
TEST_GAP_MS = 10_000
ATTEMPTS = 6
_PAUSES_MS = (15_000, 30_000, 60_000, 120_000, 240_000)

Settings = Mapping[str, NotifySettings]
"""By shop; those of a shop without any are the defaults."""


class Outcome(NamedTuple):
    """Of one attempt. `retry_in_ms` None: it is settled. `is_gone`: the address is of no use any more."""

    state: str
    reason: str = ""
    vendor_code: int = 0
    retry_in_ms: int | None = None
    is_gone: bool = False


def is_attended(scene: Scene) -> bool:
    return any(agent.state is AgentState.online for agent in scene.agents.values())


def overdue(scene: Scene, settings: Settings) -> list[Wait]:
    """Who has been waiting for longer than their shop wants."""
    is_there = is_attended(scene)
    return [
        wait
        for wait in scene.waits
        if _is_overdue(wait, (own := _of(settings, wait.shop_id)), is_there, scene.at)
        and (own.when_closed or wait.shop_id not in scene.closed)
    ]


def told_of(robot: RobotKept, shop_id: str, late: Sequence[Wait]) -> list[Wait]:
    """Of whom a robot tells."""
    if not robot.enabled:
        return []
    wanted = set(robot.queues)
    return [wait for wait in late if wait.shop_id == shop_id and (not wanted or wait.queue_id in wanted)]


def called_to(device: DeviceKept, user_id: str, scene: Scene, late: Sequence[Wait]) -> list[Wait]:
    """Of whom an agent's device tells: who chose to be off is left alone, unless they want it always."""
    agent = scene.agents.get(user_id)
    if agent is None:
        return list(late) if device.always else []
    if agent.chosen is AgentState.offline and not device.always:
        return []
    return [wait for wait in late if scene.may_answer(agent, wait)]


def is_wanted(alert: Alert, settings: Settings) -> bool:
    """Whether the shop wants to hear of this at all. What its rules say, it wants."""
    wanted = _of(settings, alert.shop_id).targets
    if alert.kind is AlertKind.rule:
        return True
    return bool(wanted) and (wanted == "near" or alert.kind is AlertKind.missed)


def hears(bell: Bell, alert: Alert, scene: Scene) -> bool:
    """A robot as of somebody who waits in that queue; a device if its agent has the case, or may take it."""
    about = Wait(alert.case_id, alert.conversation_id, "", alert.shop_id, alert.queue_id, alert.at)
    if bell.is_robot:
        kept = msgspec.json.decode(bell.spec, type=RobotKept)
        return "robots" in alert.to and bool(told_of(kept, bell.shop_id, [about]))
    if "agents" not in alert.to:
        return False
    device = msgspec.json.decode(bell.spec, type=DeviceKept)
    if not alert.agent_id:
        return bool(called_to(device, bell.user_id, scene, [about]))
    return bell.user_id == alert.agent_id and not _is_off(device, bell.user_id, scene)


def rings(bell: Bell, late: Sequence[Wait], settings: Settings, now: int) -> bool:
    """Whether to call now. Somebody new is told of at once, those who still wait again after a while."""
    if not late or bell.due_at is not None:
        return False
    quiet_ms = now - bell.rung_at
    if newest(late) > bell.rung_until:
        return quiet_ms >= GAP_MS
    pauses = [again for wait in late if (again := _of(settings, wait.shop_id).again_s)]
    return bool(pauses) and quiet_ms >= max(GAP_MS, min(pauses) * 1000)


def newest(late: Sequence[Wait]) -> int:
    return max(wait.since for wait in late)


def after(refusal_reason: str, code: int, retry_in_ms: int | None, attempt: int) -> Outcome:
    """What was refused, or failed on its way, is tried again while that may help."""
    if retry_in_ms is None or attempt >= ATTEMPTS:
        return Outcome("not_sent", refusal_reason, code)
    pause = _PAUSES_MS[min(attempt, len(_PAUSES_MS)) - 1]
    return Outcome("waiting", refusal_reason, code, max(pause, retry_in_ms))


def _is_overdue(wait: Wait, settings: NotifySettings, is_there: bool, now: int) -> bool:
    if not settings.after_s:
        return False
    limit_s = settings.after_s if is_there else min(settings.after_s, settings.unattended_after_s)
    return now - wait.since >= limit_s * 1000


def _is_off(device: DeviceKept, user_id: str, scene: Scene) -> bool:
    agent = scene.agents.get(user_id)
    return not device.always and (agent is None or agent.chosen is AgentState.offline)


def _of(settings: Settings, shop_id: str) -> NotifySettings:
    return settings.get(shop_id) or NotifySettings()
