"""The HTTP application, put together from what the composition root gives."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag
from litestar.types import ControllerRouterHandler

from chaguan.accounts import Accounts
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError
from chaguan.core.settings import Settings
from chaguan.openapi import admin, auth, me, public, server
from chaguan.openapi.callers import Addresses, guard_doors, provide_address, provide_caller
from chaguan.openapi.docs import DocsPage, SchemaFile
from chaguan.openapi.errors import answer_app_error, answer_http_exception, answer_too_deep, answer_unexpected
from chaguan.openapi.headers import add_security_headers
from chaguan.openapi.public import Public

MAX_BODY = 1024 * 1024

_TAGS = [
    Tag("auth", "Signing in, staying signed in, signing out."),
    Tag("me", "One's own account."),
    Tag("admin", "Administration, for owners and administrators. Every change is recorded."),
    Tag("desk", "What agents work with."),
    Tag("server", "For the business's own servers, with an API key."),
    Tag("platforms", "Where WeChat pushes to. Proved by its signature, not by a token."),
    Tag("public", "What everybody may know."),
]

_DESCRIPTION = """\
All bodies are JSON in UTF-8; times are UTC milliseconds; ids are opaque strings. Unknown fields are ignored.

Send `Authorization: Bearer <token>` with one of: a user token signed by the business's server (then also
`X-Device-Id`), an access token from signing in here (`ca_…`), or an API key (`ck_…`).

Every refusal is `{"error": {"code", "detail", "data"}}`. `rate_limited`, `unavailable` and `timeout` mean: the same
request later (`data.retry_after_ms`, `Retry-After`). `internal` carries `data.trace_id`."""


def create_http(
    accounts: Accounts,
    settings: Settings,
    *,
    handlers: Sequence[ControllerRouterHandler] = (),
    dependencies: Mapping[str, object] | None = None,
    clock: Clock = now_ms,
) -> Litestar:
    """`handlers` are further route handlers (media, commands, pages); each of `dependencies` is what a handler
    parameter of that name is given. Every handler may ask for `caller`, `address`, `accounts` and `settings`."""
    addresses = Addresses(settings.trusted_proxies)
    doors = Router("/", route_handlers=auth.DOORS, guards=[guard_doors(addresses, clock)])
    described = Public(name=settings.name, version=version("chaguan"), demo=settings.demo)
    given = {
        "accounts": accounts,
        "settings": settings,
        "addresses": addresses,
        "public": described,
        **(dependencies or {}),
    }
    own: list[ControllerRouterHandler] = [
        doors,
        *auth.HANDLERS,
        *me.HANDLERS,
        *admin.HANDLERS,
        *server.HANDLERS,
        *public.HANDLERS,
    ]
    return Litestar(
        route_handlers=[*own, *handlers],
        dependencies={
            **{name: _always(value) for name, value in given.items()},
            "address": Provide(provide_address),
            "caller": Provide(provide_caller),
        },
        exception_handlers={
            AppError: answer_app_error,
            HTTPException: answer_http_exception,
            RecursionError: answer_too_deep,
            Exception: answer_unexpected,
        },
        before_send=[add_security_headers],
        cors_config=_cors(settings.allowed_origins),
        request_max_body_size=MAX_BODY,
        openapi_config=_openapi(settings),
        logging_config=None,
        debug=False,
    )


def _always(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _cors(origins: list[str]) -> CORSConfig | None:
    """Without credentials: tokens travel in a header, which a page has to know to send."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Device-Id"],
        expose_headers=["Retry-After"],
        max_age=600,
    )


def _openapi(settings: Settings) -> OpenAPIConfig:
    schemes: dict[str, Any] = {
        "token": SecurityScheme(
            type="http",
            scheme="bearer",
            description="User token, access token (`ca_…`) or API key (`ck_…`).",
        )
    }
    return OpenAPIConfig(
        title="Chaguan",
        version=version("chaguan"),
        description=_DESCRIPTION,
        path="/v1/docs",
        tags=_TAGS,
        servers=[Server(url=settings.public_url or "/")],
        components=Components(security_schemes=schemes),
        security=[{"token": []}],
        use_handler_docstrings=True,
        render_plugins=[DocsPage(), SchemaFile()],
    )
