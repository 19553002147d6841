"""Reads what a deployment counted. Nothing here runs between two scrapes, but for the look at the loop's lag."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from importlib.metadata import version

from chaguan.app import Deployment
from chaguan.core.figures import Histogram
from chaguan.gateway.hub import Listener
from chaguan.gateway.server import room_for_connections
from chaguan.messaging.writer import WriterFigures
from chaguan.metrics import process
from chaguan.metrics.catalogue import family
from chaguan.metrics.exposition import Family, Sample, histogram
from chaguan.metrics.loop_lag import LoopLag
from chaguan.openapi.observing import Observed

Found = Iterable[tuple[str, list[Sample]]]
Hook = Callable[[], Awaitable[Found]]
STRETCH = 1_000
"""Sessions looked at in one stretch of the loop: well under a millisecond."""


class Metrics:
    """`hooks` add what only some deployments have (PostgreSQL, Redis): names must stand in the catalogue."""

    def __init__(self, deployment: Deployment, is_ready: Callable[[], Awaitable[bool]]) -> None:
        self._deployment = deployment
        self._is_ready = is_ready
        self.http: Observed | None = None
        self.loop_lag = LoopLag()
        self.hooks: list[Hook] = []

    async def families(self) -> list[Family]:
        found: list[tuple[str, list[Sample]]] = [
            ("chaguan_ready", _one(await self._is_ready())),
            ("chaguan_outgoing_queue_bytes", _one(await self._queued())),
            *self._gateway(),
            *self._commands(),
            *self._http(),
            *self._broker(),
            *self._storage(),
            *await self._desk(),
            *((name, _one(value)) for name, value in process.figures().items()),
        ]
        for hook in self.hooks:
            found += await hook()
        return [family(name, samples) for name, samples in found]

    async def _queued(self) -> int:
        total = 0
        sessions: list[Listener] = list(self._deployment.edge.hub.sessions)
        for start in range(0, len(sessions), STRETCH):
            total += sum(session.waiting() for session in sessions[start : start + STRETCH])
            await asyncio.sleep(0)
        return total

    def _gateway(self) -> Iterator[tuple[str, list[Sample]]]:
        edge = self._deployment.edge
        yield "chaguan_info", [Sample({"version": version("chaguan")}, 1)]
        yield "chaguan_sessions", _one(len(edge.hub.sessions))
        yield "chaguan_topics", _one(edge.hub.topic_count)
        yield "chaguan_connections_max", _one(room_for_connections())
        yield "chaguan_pushes_dropped_total", _by("reason", edge.hub.dropped)
        yield "chaguan_sessions_closed_total", _by("code", edge.closed)
        yield "chaguan_event_loop_lag_seconds", histogram(self.loop_lag.figures)
        yield "chaguan_event_loop_lag_max_seconds", _one(self.loop_lag.worst_s)

    def _commands(self) -> Iterator[tuple[str, list[Sample]]]:
        calls = self._deployment.edge.calls
        counted, seconds, limited = [], [], 0
        for kind, tally in calls.tallies.items():
            name = command_name(kind)
            counted.append(Sample({"type": name, "outcome": "ok"}, tally.ok))
            counted += [
                Sample({"type": name, "outcome": code}, count) for code, count in tally.refused.items()
            ]
            limited += tally.refused.get("rate_limited", 0)
            seconds.append(Sample({"type": name}, tally.seconds))
        answers = self.http.answers if self.http else {}
        refused = sum(count for (_, _, status), count in answers.items() if status == 429)
        slow = self.http.stages.slow if self.http else 0
        yield "chaguan_commands_total", counted
        yield "chaguan_command_seconds_total", seconds
        yield "chaguan_slow_total", _by("edge", {"websocket": calls.stages.slow, "http": slow})
        yield (
            "chaguan_rate_limited_total",
            _by(
                "by",
                {
                    "session": calls.over_rate,
                    "command": limited,
                    "http": refused,
                    "address": self._deployment.edge.addresses.refused,
                },
            ),
        )

    def _http(self) -> Iterator[tuple[str, list[Sample]]]:
        if self.http is None:
            return
        yield (
            "chaguan_http_requests_total",
            [
                Sample({"method": method, "route": route, "status": str(status)}, count)
                for (method, route, status), count in self.http.answers.items()
            ],
        )
        yield "chaguan_http_seconds_total", _by("route", self.http.seconds)

    def _broker(self) -> Iterator[tuple[str, list[Sample]]]:
        broker = self._deployment.broker
        if broker is None or not broker.is_shared:
            return
        figures = broker.figures
        yield "chaguan_broker_linked", _one(broker.is_linked)
        yield "chaguan_broker_peers", _one(len(broker.peers))
        yield "chaguan_broker_links_total", _one(figures["links"])
        outcomes = ("published", "unheard", "dropped")
        yield "chaguan_broker_messages_total", _by("outcome", {name: figures[name] for name in outcomes})

    async def _desk(self) -> Found:
        """Asked of the database once a scrape; of several processes the one that gives out cases answers."""
        desk = self._deployment.desk
        alarms = [
            Sample({"target": target, "level": level}, count)
            for (target, level), count in desk.alarms.noticed.items()
        ]
        found: list[tuple[str, list[Sample]]] = [("chaguan_desk_alarms_total", alarms)]
        if desk.feed.is_owned:
            lines = await desk.walls.lines()
            waiting = {queue_id or "none": count for queue_id, (count, _) in lines.items()}
            longest = {queue_id or "none": ms / 1000 for queue_id, (_, ms) in lines.items()}
            found.append(("chaguan_desk_waiting", _by("queue", waiting)))
            found.append(("chaguan_desk_longest_wait_seconds", _by("queue", longest)))
        return found

    def _storage(self) -> Iterator[tuple[str, list[Sample]]]:
        deployment = self._deployment
        writer, search = deployment.messaging.writer, deployment.messaging.search
        entries, size = writer.queued
        yield "chaguan_writer_queue_entries", _one(entries)
        yield "chaguan_writer_queue_bytes", _one(size)
        for name, figures in _batches(writer.figures):
            yield name, histogram(figures)
        feeds = [search.feed, deployment.desk.feed, deployment.desk.times.feed]
        if deployment.contact.is_following:
            feeds.append(deployment.contact.outbox.feed)
        wanted = feeds if deployment.settings.search else feeds[1:]
        yield "chaguan_consumer_lag_seconds", _by("consumer", {f.name: f.lag_ms / 1000 for f in feeds})
        yield "chaguan_consumer_owned", _by("consumer", {f.name: int(f.is_owned) for f in wanted})
        yield "chaguan_consumer_failures", _by("consumer", {f.name: f.failures for f in feeds})
        yield "chaguan_search_enabled", _one(deployment.settings.search)
        yield "chaguan_data_keys_cached", _one(deployment.vault.cached_keys)
        yield "chaguan_data_keys_unwrapped_total", _one(deployment.vault.unwrapped)
        yield "chaguan_disk_free_bytes", _one(shutil.disk_usage(deployment.settings.data).free)


def _batches(figures: WriterFigures) -> list[tuple[str, Histogram]]:
    return [
        ("chaguan_batch_entries", figures.entries),
        ("chaguan_batch_wait_seconds", figures.wait_s),
        ("chaguan_commit_seconds", figures.commit_s),
        ("chaguan_push_lag_seconds", figures.push_s),
    ]


def command_name(kind: type) -> str:
    """As the wire has it."""
    config = getattr(kind, "__struct_config__", None)
    return str(config.tag) if config is not None and config.tag else kind.__name__.lower()


def _one(value: float) -> list[Sample]:
    return [Sample({}, float(value))]


def _by(label: str, counts: Mapping[str, float] | Mapping[int, int]) -> list[Sample]:
    return [Sample({label: str(name)}, value) for name, value in counts.items()]
