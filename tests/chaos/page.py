"""Writes what plays found into a page, between its two markers.

python -m tests.chaos.page docs/explanation/chaos.md docs/explanation/chaos/*.json
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.chaos.report import Report, together

BEGIN, END = "<!-- plays: made by make chaos -->", "<!-- end of plays -->"


def table(reports: Sequence[Report]) -> str:
    lines = [
        "| seed | acknowledged | entries stored | faults | connections | talk | acknowledged/s | longest wait | broken |",
        "|---|---|---|---|---|---|---|---|---|",
        *map(_row, reports),
        "",
        "| fault | " + " | ".join(f"seed {each.seed}" for each in reports) + " |",
        "|---|" + "---|" * len(reports),
    ]
    for kind in sorted(together(Counter(each.blown) for each in reports)):
        lines.append(f"| {kind} | " + " | ".join(str(each.blown.get(kind, 0)) for each in reports) + " |")
    return "\n".join(lines)


def _row(report: Report) -> str:
    return (
        f"| {report.seed} | {report.acknowledged:,} | {report.entries:,} | {sum(report.blown.values())} "
        f"| {report.connections:,} | {report.talk_s:,.0f} s | {report.per_second:,.0f} "
        f"| {report.longest_wait_s:,.1f} s | {len(report.faults_found)} |"
    )


def write(page: Path, reports: Sequence[Report]) -> None:
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{table(reports)}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    page, *files = map(Path, arguments)
    write(page, [msgspec.json.decode(file.read_bytes(), type=Report) for file in sorted(files)])


if __name__ == "__main__":
    main(sys.argv[1:])
