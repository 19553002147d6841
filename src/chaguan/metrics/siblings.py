"""The processes of one node ask each other for their figures, over sockets in a folder only they can enter."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from chaguan.core.settings import Settings
from chaguan.metrics.exposition import CONTENT_TYPE, Family, merged, text
from chaguan.metrics.listener import Listener

ANSWER_S = 2.0
SUPERVISOR = "supervisor"
_families = msgspec.json.Decoder(list[Family]).decode
_JSON = "application/json"


def socket_of(folder: Path, slot: str) -> Path:
    return folder / f"{slot}.sock"


async def gathered(folder: Path) -> list[Family]:
    """The families of all workers that answer in time, each sample with its `worker`."""
    answers = await _asked(folder, "/families")
    return merged({slot: _families(body) for slot, (status, body) in answers.items() if status == 200})


async def whole_node(folder: Path) -> list[Family]:
    """What a worker shows on the main port: the supervisor's page, which holds all."""
    status, body = await _ask(socket_of(folder, SUPERVISOR), "/families")
    return _families(body) if status == 200 else []


async def pages(
    folder: Path, settings: Settings, families: Callable[[], Awaitable[list[Family]]]
) -> list[Listener]:
    """The supervisor's own: for its workers, and where `metrics_listen` says."""

    async def read_families() -> tuple[int, str, str]:
        return 200, _JSON, msgspec.json.encode(await families()).decode()

    async def read_metrics() -> tuple[int, str, str]:
        return 200, CONTENT_TYPE, text(await families())

    async def read_ready() -> tuple[int, str, str]:
        """A node takes traffic while one of its processes does."""
        answers = await _asked(folder, "/ready")
        ready = [slot for slot, (status, _) in answers.items() if status == 200]
        return 200 if ready else 503, _JSON, json.dumps({"ready": bool(ready), "workers": ready})

    own = Listener({"/families": read_families})
    await own.start_unix(str(socket_of(folder, SUPERVISOR)))
    if not settings.metrics_listen:
        return [own]
    outer = Listener({"/metrics": read_metrics, "/ready": read_ready}, settings.metrics_token)
    await outer.start(settings.metrics_listen)
    return [own, outer]


async def _asked(folder: Path, path: str) -> dict[str, tuple[int, bytes]]:
    sockets = _sockets(folder)
    answers = await asyncio.gather(*(_ask(each, path) for each in sockets))
    return {each.stem: answer for each, answer in zip(sockets, answers, strict=True)}


def _sockets(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*.sock") if each.stem != SUPERVISOR)


async def _ask(path: Path, page: str) -> tuple[int, bytes]:
    """Status 0 when nobody answers: a process that is being replaced."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                writer.write(f"GET {page} HTTP/1.1\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                return int(head.split(b" ", 2)[1]), await reader.read()
            finally:
                writer.close()
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return 0, b""
