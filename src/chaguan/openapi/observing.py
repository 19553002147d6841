"""Around the HTTP application: counts answers by route and status, and gives each request its trace."""

import logging
from collections import Counter
from time import perf_counter
from typing import Any

from chaguan.core import trace
from chaguan.core.logs import Stages

UNKNOWN = "other"
"""The route of whatever is none: paths that strangers make up must not become labels."""
_PATIENT = ("/v1/poll",)
"""Routes that are meant to take long."""


class Observed:
    """An ASGI application. `answers` are counted by (method, route, status)."""

    def __init__(self, app: Any, slow_s: float = 1.0) -> None:
        self._app = app
        self.answers: Counter[tuple[str, str, int]] = Counter()
        self.seconds: dict[str, float] = {}
        self.stages = Stages(logging.getLogger("chaguan.http"), slow_s)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        following = trace.begin()
        begun = perf_counter()
        status = 0

        async def observed(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-trace-id", following.id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            self._count(scope, status, perf_counter() - begun, following)

    def _count(self, scope: Any, status: int, took: float, following: trace.Trace) -> None:
        route = scope.get("path_template") or UNKNOWN
        self.answers[scope["method"], route, status] += 1
        self.seconds[route] = self.seconds.get(route, 0.0) + took
        if route not in _PATIENT:
            outcome = "internal" if status >= 500 and status != 503 else str(status)
            self.stages.told(following, f"{scope['method']} {route}", outcome, took)
