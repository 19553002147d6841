"""Writes the Grafana dashboard, deploy/grafana/chaguan.json: `python -m tools.dashboard`."""

from __future__ import annotations

import json
from typing import Any

from tools.steps import ROOT

TARGET = ROOT / "deploy" / "grafana" / "chaguan.json"
WINDOW = "[$__rate_interval]"


def quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{WINDOW})))"


# Title, unit, (legend, expression) …
PANELS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Ready", "none", (("{{instance}} {{worker}}", "chaguan_ready"),)),
    ("Sessions", "short", (("{{instance}} {{worker}}", "chaguan_sessions"),)),
    ("Messages stored", "ops", (("per second", f"sum(rate(chaguan_batch_entries_sum{WINDOW}))"),)),
    ("Commands", "ops", (("{{type}}", f"sum by (type) (rate(chaguan_commands_total{WINDOW}))"),)),
    (
        "Refused and broken commands",
        "ops",
        (("{{outcome}}", f'sum by (outcome) (rate(chaguan_commands_total{{outcome!="ok"}}{WINDOW}))'),),
    ),
    (
        "Commit",
        "s",
        (("p50", quantile(0.5, "chaguan_commit_seconds")), ("p99", quantile(0.99, "chaguan_commit_seconds"))),
    ),
    (
        "Wait for a batch",
        "s",
        (
            ("p50", quantile(0.5, "chaguan_batch_wait_seconds")),
            ("p99", quantile(0.99, "chaguan_batch_wait_seconds")),
        ),
    ),
    (
        "Push lag",
        "s",
        (
            ("p50", quantile(0.5, "chaguan_push_lag_seconds")),
            ("p99", quantile(0.99, "chaguan_push_lag_seconds")),
        ),
    ),
    (
        "Entries in a batch",
        "short",
        (("p50", quantile(0.5, "chaguan_batch_entries")), ("p99", quantile(0.99, "chaguan_batch_entries"))),
    ),
    ("Queued to sessions", "bytes", (("{{instance}} {{worker}}", "chaguan_outgoing_queue_bytes"),)),
    ("Queued to the log writer", "bytes", (("{{instance}} {{worker}}", "chaguan_writer_queue_bytes"),)),
    (
        "Pushes dropped",
        "ops",
        (("{{reason}}", f"sum by (reason) (rate(chaguan_pushes_dropped_total{WINDOW}))"),),
    ),
    (
        "Sessions closed",
        "ops",
        (("{{code}}", f"sum by (code) (rate(chaguan_sessions_closed_total{WINDOW}))"),),
    ),
    ("Rate limited", "ops", (("{{by}}", f"sum by (by) (rate(chaguan_rate_limited_total{WINDOW}))"),)),
    (
        "Sent to other processes",
        "ops",
        (("{{outcome}}", f"sum by (outcome) (rate(chaguan_broker_messages_total{WINDOW}))"),),
    ),
    ("Consumer lag", "s", (("{{consumer}}", "max by (consumer) (chaguan_consumer_lag_seconds)"),)),
    (
        "HTTP answers",
        "ops",
        (("{{status}}", f"sum by (status) (rate(chaguan_http_requests_total{WINDOW}))"),),
    ),
    (
        "Event loop, worst of a minute",
        "s",
        (("{{instance}} {{worker}}", "chaguan_event_loop_lag_max_seconds"),),
    ),
    ("CPU", "percentunit", (("{{instance}} {{worker}}", f"rate(process_cpu_seconds_total{WINDOW})"),)),
    ("Memory", "bytes", (("{{instance}} {{worker}}", "process_resident_memory_bytes"),)),
    ("Disk free", "bytes", (("{{instance}}", "chaguan_disk_free_bytes"),)),
    ("Process restarts", "short", (("{{instance}}", "increase(chaguan_worker_restarts_total[1h])"),)),
)
WIDTH, HEIGHT, COLUMNS = 8, 7, 3


def _panel(nth: int, title: str, unit: str, lines: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": nth + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"x": nth % COLUMNS * WIDTH, "y": nth // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(65 + at), "expr": expression, "legendFormat": legend, "datasource": source}
            for at, (legend, expression) in enumerate(lines)
        ],
    }


def text() -> str:
    board = {
        "uid": "chaguan",
        "title": "Chaguan 茶馆",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(nth, *panel) for nth, panel in enumerate(PANELS)],
    }
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
