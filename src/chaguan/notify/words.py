"""What is said to those who look elsewhere, in both languages. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chaguan.desk import Wait
from chaguan.notify.model import Language

DESK = "/console/#/desk"
_EXCERPT = 80


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
