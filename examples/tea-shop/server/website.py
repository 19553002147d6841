"""The shop's web site: a page of a product, with the chat as one script tag, under a strict policy.

Its visitors are known by a cookie of the shop's own. Whom that names, the shop alone decides: here each browser is a
guest with an id that only its cookie holds.
"""

import hashlib
import html
import json
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromQuery
from litestar.static_files import create_static_files_router

AnyRequest = Request[Any, Any, Any]
SITE = Path(__file__).parents[2] / "website"


def policy(chat: str) -> str:
    """What the page may do; `chat` is the address of the Chaguan deployment."""
    return "; ".join(
        (
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
            "require-trusted-types-for 'script'",
            "style-src 'self'",
            f"script-src 'self' {chat}",
            f"connect-src 'self' {chat} {chat.replace('http', 'ws', 1)}",
            f"img-src 'self' blob: {chat}",
            f"media-src blob: {chat}",
        )
    )


def texts_of(tea: Mapping[str, Any], language: str) -> dict[str, str]:
    words = json.loads((SITE / "words.json").read_text("utf-8"))[language]
    spec = tea["specs"][0]
    texts = {name: tea[name][language] for name in ("name", "tag", "line", "story", "origin")}
    texts |= {"id": tea["id"], "picture": tea["picture"], "spec": spec["name"][language]}
    return texts | {"price": f"¥{spec['price'] / 100:.2f}"} | words


def website(env: Mapping[str, str], tea: Mapping[str, Any], token_of: Callable[[str], str]) -> list[Any]:
    """Handlers. `token_of` signs a user token for an id of the shop's own."""
    chat = env.get("CHAGUAN_PUBLIC_URL", "http://127.0.0.1:8080")
    template = (SITE / "index.html").read_text("utf-8")

    def page(language: str) -> str:
        texts = texts_of(tea, language) | {"chaguan": chat, "app": env.get("CHAGUAN_APP_ID", "")}
        return re.sub(r"\{(\w+)\}", lambda found: html.escape(texts[found[1]]), template)

    @get("/site/", sync_to_thread=False)
    def product_page(request: AnyRequest, lang: FromQuery[str] = "") -> Response[str]:
        wished = lang or request.headers.get("accept-language", "")
        shown = page("zh" if wished.startswith("zh") else "en")
        guest = request.cookies.get("guest") or secrets.token_urlsafe(16)
        cookie = Cookie(key="guest", value=guest, httponly=True, samesite="lax", max_age=30 * 24 * 3600)
        headers = {"content-security-policy": policy(chat), "cache-control": "no-store"}
        return Response(shown, media_type="text/html", cookies=[cookie], headers=headers)

    @get("/chat-token", sync_to_thread=False)
    def chat_token(request: AnyRequest) -> Response[dict[str, str]]:
        guest = request.cookies.get("guest")
        if not guest:
            raise NotAuthorizedException("nobody is known by this browser")
        who = "guest-" + hashlib.sha256(guest.encode()).hexdigest()[:24]
        return Response({"token": token_of(who)}, headers={"cache-control": "no-store"})

    return [product_page, chat_token, create_static_files_router("/site/files", [SITE / "files"])]
