"""`chaguan keys rotate`: a new master key, and every data key under it, while the deployment goes on serving."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from chaguan.accounts.secrets import rewrap_keys
from chaguan.app import Deployment, open_deployment
from chaguan.core.settings import Settings
from chaguan.infra import facts, keyring, opening
from chaguan.infra.sealing import rewrap_root

SETTLE_S = 5
"""A key that a server wrapped just before the file changed is stored by then."""


class Rotated(Struct):
    key_id: str
    rewrapped: int
    retired: list[str]


def rotate(
    settings: Settings, *, keep_old: bool, say: Callable[[str], object], settle_s: float = SETTLE_S
) -> Rotated:
    path = opening.key_path(settings)
    key_id = keyring.rotate(path)
    say(f"New master key {key_id} written to {path}; re-wrapping …")
    rewrapped = asyncio.run(_rewrap(settings, settle_s))
    retired = [] if keep_old else keyring.retire_old(path)
    return Rotated(key_id, rewrapped, retired)


async def _rewrap(settings: Settings, settle_s: float) -> int:
    deployment = await open_deployment(settings)
    try:
        done = await _pass(deployment)
        while True:
            await asyncio.sleep(settle_s)
            late = await _pass(deployment)
            if not late:
                return done
            done += late
    finally:
        await deployment.http.close()
        await deployment.db.close()


async def _pass(deployment: Deployment) -> int:
    vault = deployment.vault
    return (
        await _rewrap_root(deployment)
        + await deployment.db.write(lambda connection: rewrap_keys(connection, vault))
        + await deployment.media.rewrap_keys()
        + await deployment.messaging.rewrap_keys()
    )


async def _rewrap_root(deployment: Deployment) -> int:
    wrapped = await deployment.db.read(lambda connection: facts.find(connection, opening.ROOT))
    assert wrapped is not None
    again = rewrap_root(deployment.keyring, wrapped)
    if again == wrapped:
        return 0
    await deployment.db.write(lambda connection: facts.put(connection, opening.ROOT, again))
    return 1
