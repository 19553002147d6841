"""What is said to those who look elsewhere, in both languages. Pure."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chaguan.desk import Alert, AlertKind, Wait
from chaguan.notify.model import Language

DESK = "/console/#/desk"
_EXCERPT = 80
_LINES = 5
_TARGETS: Mapping[Language, Mapping[str, str]] = {
    "zh-CN": {"wait": "等待", "first_reply": "首次回复", "resolution": "解决用时"},
    "en": {"wait": "Wait", "first_reply": "First reply", "resolution": "Time to resolve"},
}


class Notice(NamedTuple):
    """`path` leads to the case, or to the desk where several wait."""

    title: str
    text: str
    path: str


class Told(NamedTuple):
    """Who waits. `said` is empty unless the shop wants an excerpt, and only of one customer."""

    late: Sequence[Wait]
    shops: Mapping[str, str]
    is_attended: bool
    now: int
    name: str = ""
    said: str = ""


class Alerted(NamedTuple):
    """What came up, the oldest first, and the names of the shops."""

    alerts: Sequence[Alert]
    shops: Mapping[str, str]


def notice(told: Told, language: Language) -> Notice:
    is_chinese = language == "zh-CN"
    count, first = len(told.late), told.late[0]
    longest = duration(told.now - min(wait.since for wait in told.late), language)
    if is_chinese:
        title = "有顾客在等待" if count == 1 else f"{count} 位顾客在等待"
        waited = f"已等 {longest}" if count == 1 else f"最久已等 {longest}"
        alone = "" if told.is_attended else "没有客服在线"
    else:
        title = "A customer is waiting" if count == 1 else f"{count} customers are waiting"
        waited = f"for {longest}" if count == 1 else f"longest {longest}"
        alone = "" if told.is_attended else "nobody is online"
    parts = [part for part in (_place(told, is_chinese), waited, alone) if part]
    said = f"\n{told.name}{'：' if is_chinese else ': '}{told.said[:_EXCERPT]}" if told.said else ""
    path = f"{DESK}/{first.conversation_id}" if count == 1 else DESK
    return Notice(title, " · ".join(parts) + said, path)


def alert_notice(told: Alerted, language: Language) -> Notice:
    """All that came up, in one text: each thing once, with how often."""
    rooms = {alert.conversation_id for alert in told.alerts}
    path = f"{DESK}/{rooms.pop()}" if len(rooms) == 1 else DESK
    many = len({alert.shop_id for alert in told.alerts}) > 1
    lines = Counter(_headline(alert, told.shops if many else {}, language) for alert in told.alerts)
    if len(told.alerts) == 1:
        return Notice(next(iter(lines)), told.shops.get(told.alerts[0].shop_id, ""), path)
    shown = [line if count == 1 else f"{line} ×{count}" for line, count in lines.items()]
    if len(shown) > _LINES:
        rest = len(shown) - _LINES
        shown = [*shown[:_LINES], f"还有 {rest} 件" if language == "zh-CN" else f"and {rest} more"]
    count = len(told.alerts)
    title = f"{count} 件事需要留意" if language == "zh-CN" else f"{count} things need a look"
    return Notice(title, "\n".join(shown), path)


def alert_topic(alerts: Sequence[Alert]) -> str:
    """Said again after a failure, it takes the place of itself and of nothing else."""
    return hashlib.blake2b(alerts[0].key.encode(), digest_size=12).hexdigest()


def _headline(alert: Alert, shops: Mapping[str, str], language: Language) -> str:
    is_chinese = language == "zh-CN"
    if alert.kind is AlertKind.rule:
        said = f"规则「{alert.rule}」" if is_chinese else f"Rule “{alert.rule}”"
    else:
        target = _TARGETS[language].get(alert.target, alert.target)
        limit = duration(alert.limit_s * 1000, language)
        is_late = alert.kind is AlertKind.missed
        if is_chinese:
            said = f"{target}已超过 {limit}" if is_late else f"{target}即将超过 {limit}"
        else:
            said = f"{target} over {limit}" if is_late else f"{target} close to {limit}"
    shop = shops.get(alert.shop_id, "")
    return f"{said} · {shop}" if shop else said


def trial_notice(shop: str, language: Language) -> Notice:
    if language == "zh-CN":
        return Notice("这是一条测试消息", f"{shop} · 有顾客等待时会在这里提醒", DESK)
    return Notice("This is a test", f"{shop} · you will be told here when customers wait", DESK)


def as_text(notice: Notice, public_url: str, keyword: str) -> str:
    """For a group. Without a public address there is nothing to link to."""
    lines = [notice.title, notice.text]
    if public_url:
        lines.append(public_url.rstrip("/") + notice.path)
    text = "\n".join(lines)
    return f"{text}\n{keyword}" if keyword and keyword not in text else text


def duration(ms: int, language: Language) -> str:
    seconds = max(0, ms) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    if language == "zh-CN":
        if hours:
            return f"{hours} 小时 {minutes % 60} 分钟"
        return f"{minutes} 分钟" if minutes else f"{seconds} 秒"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _place(told: Told, is_chinese: bool) -> str:
    shops = {wait.shop_id for wait in told.late}
    if len(shops) == 1:
        return told.shops.get(shops.pop(), "")
    return f"{len(shops)} 家店铺" if is_chinese else f"{len(shops)} shops"
