"""The built web pages: console, demo, phone, and the widget for other sites. They lie in `web/` of the package, made by
the web build."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from chaguan.openapi.headers import POLICY

WEB = Path(__file__).parent / "web"
_NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Chaguan</title><p>The server runs, but the web pages are not built. "
    "Run <code>make run</code>, or <code>npm run build</code> in <code>clients/</code>."
)


_DEMO_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: http: https:; media-src 'self' data: blob:; connect-src 'self' http: https: ws: wss:; "
    "frame-ancestors 'self'"
)
"""The phone of the demo also talks to the merchant's own server, which is another origin."""


async def _show_pictures(response: Response[Any]) -> Response[Any]:
    """In the demo the merchant's server, where the pictures of cards lie, has no TLS."""
    response.headers["content-security-policy"] = POLICY.replace("img-src 'self'", "img-src 'self' http:")
    return response


async def _loosen(response: Response[Any]) -> Response[Any]:
    response.headers["content-security-policy"] = _DEMO_POLICY
    return response


async def _into_the_folder(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Pages name their parts relative to the folder they lie in: of `/demo` alone none would be found."""
    folder = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return None if "/" in folder[1:] else Redirect(f"{folder}/?{query}" if query else f"{folder}/")


_WIDGET_HEADERS = {
    # A deployment that was upgraded is followed within minutes, and no page waits for the answer to that question.
    "cache-control": "public, max-age=300, stale-while-revalidate=86400",
    # For pages of other sites: those that isolate themselves, and those that name the script's hash (`integrity`).
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
}


def _widget(script: bytes) -> ControllerRouterHandler:
    tag = f'"{sha256(script).hexdigest()[:32]}"'
    headers = {**_WIDGET_HEADERS, "etag": tag}

    @get("/widget.js", include_in_schema=False, sync_to_thread=False)
    def widget(request: Request[Any, Any, Any]) -> Response[bytes | None]:
        known = request.headers.get("if-none-match", "").removeprefix("W/")
        if known == tag:
            return Response(None, status_code=304, headers=headers)
        return Response(script, headers=headers, media_type="text/javascript")

    return widget


def pages(
    *, demo: bool, extra: dict[str, Any] | None = None, login: Callable[[str], str] | None = None
) -> list[ControllerRouterHandler]:
    """Handlers for what is there. `/` leads to the demo, or to the console. `login` plays WeChat's `wx.login`."""

    @get("/", include_in_schema=False)
    async def home() -> Response[Any]:
        if not (WEB / "console" / "index.html").exists():
            return Response(_NOT_BUILT, media_type=MediaType.HTML)
        return Redirect("/demo/" if demo else "/console/")

    @get("/demo/config.json", include_in_schema=False)
    async def demo_config() -> dict[str, Any]:
        return extra or {}

    @get("/demo/wechat-code", include_in_schema=False, sync_to_thread=False)
    def wechat_code(phone: Annotated[str, QueryParameter(min_length=1, max_length=64)]) -> dict[str, str]:
        assert login is not None
        return {"code": login(phone)}

    policies = {"demo": _loosen, "phone": _loosen, "console": _show_pictures if demo else None}
    folders = ["console", "docs", *(["demo", "phone"] if demo else [])]
    handlers: list[ControllerRouterHandler] = [home, *([demo_config, wechat_code] if demo else [])]
    script = WEB / "widget" / "widget.js"
    if script.is_file():
        handlers.append(_widget(script.read_bytes()))
    for name in folders:
        if (WEB / name).is_dir():
            handlers.append(
                create_static_files_router(
                    path=f"/{name}",
                    directories=[WEB / name],
                    html_mode=True,
                    include_in_schema=False,
                    cache_control=CacheControlHeader(no_cache=True),
                    before_request=_into_the_folder,
                    after_request=policies.get(name),
                )
            )
    return handlers
