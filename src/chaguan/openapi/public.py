"""`/v1/public`: what everybody may know before signing in."""

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct


class Public(Struct, kw_only=True, frozen=True):
    """This deployment. `demo`: it holds demonstration data that anybody may change."""

    name: str
    version: str
    languages: tuple[str, ...] = ("zh-CN", "en")
    demo: bool = False


@get("/v1/public", security=[{}], tags=["public"])
async def read_public(public: NamedDependency[Public]) -> Public:
    """Name, version and languages of this deployment."""
    return public


HANDLERS = [read_public]
