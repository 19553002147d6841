"""Every metric there is, once: what dashboards, alerts and the manual are held against."""

from typing import NamedTuple

from chaguan.metrics.exposition import Family, Sample


class Metric(NamedTuple):
    name: str
    kind: str
    labels: str
    help: str


CATALOGUE = (
    Metric("chaguan_info", "gauge", "version", "Always 1."),
    Metric("chaguan_ready", "gauge", "", "1 when this process should get traffic."),
    Metric("chaguan_sessions", "gauge", "", "Live links, waiting polls included."),
    Metric("chaguan_topics", "gauge", "", "Topics that somebody here listens to."),
    Metric("chaguan_connections_max", "gauge", "", "What the descriptor limit leaves room for."),
    Metric("chaguan_outgoing_queue_bytes", "gauge", "", "Bytes that wait for sessions to read."),
    Metric(
        "chaguan_pushes_dropped_total", "counter", "reason", "Pushes left out; the session is told to resume."
    ),
    Metric("chaguan_sessions_closed_total", "counter", "code", "Sessions this side closed, by close code."),
    Metric(
        "chaguan_commands_total",
        "counter",
        "type, outcome",
        "Commands by how they ended: ok or an error code.",
    ),
    Metric(
        "chaguan_command_seconds_total",
        "counter",
        "type",
        "Time from a command's arrival to its reply, summed.",
    ),
    Metric("chaguan_slow_total", "counter", "edge", "Commands and requests slower than slow_ms."),
    Metric("chaguan_http_requests_total", "counter", "method, route, status", "Answers of the HTTP API."),
    Metric("chaguan_http_seconds_total", "counter", "route", "Time to answer, summed."),
    Metric(
        "chaguan_rate_limited_total",
        "counter",
        "by",
        "Refused for being too much: session, command, http, address.",
    ),
    Metric("chaguan_broker_linked", "gauge", "", "1 while Redis carries what is said on other processes."),
    Metric("chaguan_broker_peers", "gauge", "", "Processes of this deployment that it names, this one too."),
    Metric(
        "chaguan_broker_links_total", "counter", "", "Links to Redis made; each but the first repairs all."
    ),
    Metric(
        "chaguan_broker_messages_total",
        "counter",
        "outcome",
        "Sent to other processes: published; of these unheard by any; dropped without a link.",
    ),
    Metric("chaguan_writer_queue_entries", "gauge", "", "Entries that wait for the log writer."),
    Metric("chaguan_writer_queue_bytes", "gauge", "", "Their bytes; beyond 32 MiB sends are refused."),
    Metric("chaguan_batch_entries", "histogram", "", "Entries in one transaction of the log writer."),
    Metric("chaguan_batch_wait_seconds", "histogram", "", "How long the oldest entry of a batch had waited."),
    Metric(
        "chaguan_commit_seconds", "histogram", "", "A batch from being handed to the database to durable."
    ),
    Metric(
        "chaguan_push_lag_seconds",
        "histogram",
        "",
        "From the commit until a batch's pushes are handed to sessions.",
    ),
    Metric(
        "chaguan_consumer_lag_seconds", "gauge", "consumer", "Age of the oldest entry it has not handled."
    ),
    Metric("chaguan_consumer_owned", "gauge", "consumer", "1 in the process that does its work."),
    Metric("chaguan_consumer_failures", "gauge", "consumer", "Attempts that failed in a row."),
    Metric("chaguan_desk_waiting", "gauge", "queue", "Customers who wait for an agent, told by its owner."),
    Metric("chaguan_desk_longest_wait_seconds", "gauge", "queue", "How long the first of them has waited."),
    Metric(
        "chaguan_desk_alarms_total",
        "counter",
        "target, level",
        "Targets of queues that came near (warned) or were missed (breached).",
    ),
    Metric("chaguan_search_enabled", "gauge", "", "1 when messages are indexed."),
    Metric("chaguan_data_keys_cached", "gauge", "", "Data keys of conversations and owners held in memory."),
    Metric("chaguan_data_keys_unwrapped_total", "counter", "", "Data keys opened with the master key."),
    Metric("chaguan_disk_free_bytes", "gauge", "", "On the disk of the data folder."),
    Metric(
        "chaguan_event_loop_lag_seconds",
        "histogram",
        "",
        "How late the loop wakes, looked at twice a second.",
    ),
    Metric("chaguan_event_loop_lag_max_seconds", "gauge", "", "The worst of the last minute."),
    Metric("chaguan_xmin_age_transactions", "gauge", "", "PostgreSQL: what the oldest transaction holds up."),
    Metric("chaguan_workers", "gauge", "state", "Processes behind one port: wanted, running."),
    Metric(
        "chaguan_worker_restarts_total",
        "counter",
        "",
        "Worker processes that ended unasked and were replaced.",
    ),
    Metric("process_resident_memory_bytes", "gauge", "", "Memory in use."),
    Metric("process_cpu_seconds_total", "counter", "", "CPU time used."),
    Metric("process_open_fds", "gauge", "", "Descriptors in use."),
    Metric("process_max_fds", "gauge", "", "Descriptors allowed."),
    Metric("process_start_time_seconds", "gauge", "", "Unix time of the start."),
)
BY_NAME = {metric.name: metric for metric in CATALOGUE}


def family(name: str, samples: list[Sample]) -> Family:
    """KeyError for a name that stands nowhere."""
    metric = BY_NAME[name]
    return Family(name, metric.kind, metric.help, samples)


def markdown() -> str:
    """docs/reference/metrics.md."""
    rows = "".join(f"| `{m.name}` | {m.kind} | {m.labels} | {m.help} |\n" for m in CATALOGUE)
    return (
        "# Metrics\n\n`/metrics` in Prometheus' text format: on `metrics_listen`, or on the main port with "
        "`metrics_token` as bearer token ([settings](settings.md)). With `serve --workers N` one page holds all "
        "processes, told apart by the label `worker`. Dashboard and alerts: [deploy/](../../deploy/README.md).\n\n"
        f"| name | type | labels | |\n|---|---|---|---|\n{rows}\n"
        "This page is made by `chaguan schema --write` from `src/chaguan/metrics/catalogue.py`.\n"
    )
