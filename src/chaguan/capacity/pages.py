"""The table of the explanation: one demand, from ten thousand to ten million online."""

from pathlib import Path

import msgspec

from chaguan.bench.figures import number
from chaguan.capacity.demand import Demand, Nonsense
from chaguan.capacity.measured import Measured
from chaguan.capacity.plan import Plan, make_plan

BEGIN, END = "<!-- table: made by chaguan capacity -->", "<!-- end of table -->"
SIZES = 10_000, 100_000, 1_000_000, 10_000_000
ROWS = {
    "messages_per_s": ("messages/s at the peak", "峰值消息数/秒"),
    "group_copies_per_s": ("copies/s in groups", "群消息推送数/秒"),
    "nodes": ("nodes", "节点数"),
    "database_cpu": ("PostgreSQL, cores", "PostgreSQL 核数"),
    "page_writes_per_s": ("page writes/s", "写页数/秒"),
    "wal_per_day": ("WAL, GB a day", "WAL，GB/天"),
    "growth_per_year": ("database, GB a year", "数据库增长，GB/年"),
    "redis_delivered_per_s": ("Redis deliveries/s", "Redis 投递数/秒"),
    "redis_cpu": ("Redis, cores", "Redis 核数"),
    "blobs_per_day": ("media, GB a day", "媒体文件，GB/天"),
}
UNKNOWN = "not measured", "未测量"
FIRST = "online", "同时在线"
MACHINE = "Figures of: ", "测量机器："
STOP = ".", "。"


def into_page(path: Path, demand: Demand, cost: Measured) -> str:
    """The page with the table between its two markers; a page whose name says so gets it in Chinese."""
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Nonsense(f"{path} has no {BEGIN} … {END}")
    language = int(path.name.endswith(".zh-CN.md"))
    return f"{before}{BEGIN}\n{table(demand, cost, language)}{END}{after}"


def table(demand: Demand, cost: Measured, language: int) -> str:
    plans = [make_plan(scaled(demand, online), cost) for online in SIZES]
    lines = [
        f"| {FIRST[language]} | {' | '.join(f'{online:,}' for online in SIZES)} |",
        f"|---|{'---:|' * len(SIZES)}",
    ]
    for name, words in ROWS.items():
        cells = [_cell(plan, name, language) for plan in plans]
        lines.append(f"| {words[language]} | {' | '.join(cells)} |")
    return "\n".join(lines) + f"\n\n{MACHINE[language]}{cost.machine}{STOP[language]}\n"


def scaled(demand: Demand, online: int) -> Demand:
    """The same habits among more people."""
    factor = online / demand.online
    return msgspec.structs.replace(
        demand,
        online=online,
        messages_per_day=demand.messages_per_day * factor,
        groups=round(demand.groups * factor),
    )


def _cell(plan: Plan, name: str, language: int) -> str:
    needs = [need for group in plan.groups for need in group.needs if need.name == name]
    if not needs:
        return "–"
    need = needs[0]
    if need.value is None:
        return UNKNOWN[language]
    decided = f" ({need.decided_by})" if need.bounds else ""
    return ("≥ " if need.missing else "") + number(need.value) + decided
