"""The built web pages: console, demo, phone. They lie in `web/` of the package, made by the web build."""

from pathlib import Path
from typing import Any

from litestar import MediaType, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

WEB = Path(__file__).parent / "web"
_NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Chaguan</title><p>The server runs, but the web pages are not built. "
    "Run <code>make run</code>, or <code>npm run build</code> in <code>clients/</code>."
)


def pages(*, demo: bool, extra: dict[str, Any] | None = None) -> list[ControllerRouterHandler]:
    """Handlers for what is there. `/` leads to the demo, or to the console."""

    @get("/", include_in_schema=False)
    async def home() -> Response[Any]:
        if not (WEB / "console" / "index.html").exists():
            return Response(_NOT_BUILT, media_type=MediaType.HTML)
        return Redirect("/demo/" if demo else "/console/")

    @get("/demo/config.json", include_in_schema=False)
    async def demo_config() -> dict[str, Any]:
        return extra or {}

    folders = ["console", "docs", *(["demo", "phone"] if demo else [])]
    handlers: list[ControllerRouterHandler] = [home, *([demo_config] if demo else [])]
    for name in folders:
        if (WEB / name).is_dir():
            handlers.append(
                create_static_files_router(
                    path=f"/{name}",
                    directories=[WEB / name],
                    html_mode=True,
                    include_in_schema=False,
                    cache_control=CacheControlHeader(no_cache=True),
                )
            )
    return handlers
