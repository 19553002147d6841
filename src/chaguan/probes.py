"""`/health`, `/ready` and `/metrics`: on the main port, and on a listener of their own where one is set."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Response

from chaguan.app import Deployment
from chaguan.core.errors import AppError, ErrorCode
from chaguan.health import Health
from chaguan.metrics import Family, Metrics, exposition, text
from chaguan.metrics.listener import Listener, Page, is_bearer
from chaguan.metrics.postgres import PostgresFigures

_JSON = "application/json"
Gather = Callable[[], Awaitable[list[Family]]]


class Probes:
    """`gather` gives the families of all processes behind the port; by itself a process tells of itself."""

    def __init__(self, deployment: Deployment, gather: Gather | None = None) -> None:
        self._settings = deployment.settings
        self._health = Health(deployment)
        self.metrics = Metrics(deployment, self._is_ready)
        if deployment.db.dialect == "postgresql":
            self.metrics.hooks.append(PostgresFigures(deployment.db))
        self._gather = gather or self.metrics.families
        self._listeners: list[Listener] = []

    async def start(self, socket: str = "") -> None:
        """`socket`: where the other processes of this node ask for the figures of this one."""
        self.metrics.loop_lag.start()
        if socket:
            own = Listener({**self.pages(), "/families": self._families}, guarded=frozenset())
            await own.start_unix(socket)
            self._listeners.append(own)
        elif self._settings.metrics_listen:
            await self._listen(self._settings.metrics_listen)

    async def stop(self) -> None:
        self.metrics.loop_lag.stop()
        for listener in self._listeners:
            await listener.stop()

    def handlers(self) -> list[Any]:
        """For the main port."""
        token = self._settings.metrics_token

        @get("/health", include_in_schema=False)
        async def read_health() -> Response[str]:
            """Whether this process can do its work: `ok`, `degraded` (with reasons) or `unavailable` (503)."""
            return _response(await self._read_health())

        @get("/ready", include_in_schema=False)
        async def read_ready() -> Response[str]:
            """Whether this process should get traffic: 200, or 503 with the reasons."""
            return _response(await self._read_ready())

        @get("/metrics", include_in_schema=False)
        async def read_metrics(request: Request[Any, Any, Any]) -> Response[str]:
            """Prometheus' text format, for who knows `metrics_token`."""
            if not token:
                raise AppError(
                    ErrorCode.forbidden, "metrics are not shown here: set metrics_token or metrics_listen"
                )
            if not is_bearer(request.headers.get("authorization", ""), token):
                raise AppError(ErrorCode.unauthenticated, "metrics_token as bearer token")
            return _response(await self._read_metrics())

        return [read_health, read_ready, read_metrics]

    def pages(self) -> Mapping[str, Page]:
        return {"/metrics": self._read_metrics, "/health": self._read_health, "/ready": self._read_ready}

    async def _listen(self, address: str) -> None:
        listener = Listener(self.pages(), self._settings.metrics_token)
        await listener.start(address)
        self._listeners.append(listener)

    async def _is_ready(self) -> bool:
        return (await self._health.readiness()).ready

    async def _read_health(self) -> tuple[int, str, str]:
        report = await self._health.report()
        return 503 if report.status == "unavailable" else 200, _JSON, _text(report)

    async def _read_ready(self) -> tuple[int, str, str]:
        readiness = await self._health.readiness()
        return 200 if readiness.ready else 503, _JSON, _text(readiness)

    async def _read_metrics(self) -> tuple[int, str, str]:
        return 200, exposition.CONTENT_TYPE, text(await self._gather())

    async def _families(self) -> tuple[int, str, str]:
        return 200, _JSON, _text(await self.metrics.families())


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _response(page: tuple[int, str, str]) -> Response[str]:
    status, kind, body = page
    return Response(body, status_code=status, media_type=kind.partition("; charset")[0])
