"""Finding the Redis that takes writes, and introducing oneself."""

import asyncio
import logging

from chaguan.infra.broker.place import RedisPlace, is_public
from chaguan.infra.broker.wire import LinkLost, OnPush, Refused, Wire

logger = logging.getLogger("chaguan.broker")
CONNECT_S = 3
Address = tuple[str, int]


async def dial(place: RedisPlace, on_push: OnPush) -> Wire:
    """Raises `LinkLost`, with a text for people."""
    host, port = await find_primary(place)
    try:
        wire = await _connect(place, (host, port), on_push)
        try:
            async with asyncio.timeout(CONNECT_S):
                await _introduce(wire, place)
        except BaseException:
            await wire.close()
            raise
    except (OSError, TimeoutError, Refused, LinkLost) as error:
        raise LinkLost(f"{host}:{port}: {error or 'no answer'}") from error
    return wire


async def _introduce(wire: Wire, place: RedisPlace) -> None:
    if not place.password and is_public(wire.peer):
        logger.warning("Redis at %s is public and has no password; set requirepass and redis_url", wire.peer)
    credentials = ("AUTH", place.username or "default", place.password) if place.password else ()
    await wire.ask("HELLO", 3, *credentials, "SETNAME", "chaguan")
    if place.database:
        await wire.ask("SELECT", place.database)
    if place.primary and (await wire.ask("ROLE"))[0] != b"master":
        raise LinkLost("it is not the primary any more")


async def probe(place: RedisPlace) -> str:
    """Where the Redis is that would be used now. Raises `LinkLost`."""
    wire = await dial(place, lambda _push: None)
    try:
        return wire.peer
    finally:
        await wire.close()


async def find_primary(place: RedisPlace) -> Address:
    """The server itself, or whom the first sentinel that answers calls the primary."""
    if not place.primary:
        return place.hosts[0]
    for address in place.hosts:
        try:
            return await _ask_sentinel(place, address)
        except (OSError, TimeoutError, Refused, LinkLost) as error:
            logger.debug("sentinel %s:%d: %s", *address, error)
    raise LinkLost(f"no sentinel knows the primary of {place.primary}")


async def _ask_sentinel(place: RedisPlace, address: Address) -> Address:
    wire = await _connect(place, address, lambda _push: None)
    try:
        async with asyncio.timeout(CONNECT_S):
            if place.sentinel_password:
                await wire.ask("AUTH", place.sentinel_password)
            found = await wire.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", place.primary)
    finally:
        await wire.close()
    if not found:
        raise LinkLost("it does not know that name")
    return found[0].decode(), int(found[1])


async def _connect(place: RedisPlace, address: Address, on_push: OnPush) -> Wire:
    host, port = address
    context = place.context()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S):
        _, wire = await loop.create_connection(
            lambda: Wire(on_push), host, port, ssl=context, server_hostname=host if context else None
        )
    return wire
