"""A deployment with pictures in it, not served: what a backup and a copy work on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chaguan.app import Deployment, open_deployment
from chaguan.backup import making, restoring
from chaguan.backup.making import back_up
from chaguan.backup.restoring import restore
from chaguan.core.caller import Caller
from chaguan.core.settings import Settings
from chaguan.media import Kind, spool
from tools.servers.postgres import PostgresServer

ANNA = Caller("customer", "u_anna")


class House:
    def __init__(self, settings: Settings, deployment: Deployment) -> None:
        self.settings = settings
        self.deployment = deployment

    async def store(self, data: bytes) -> str:
        """A file that a message uses."""
        with spool() as source:
            source.write(data)
            content = await self.deployment.media.upload(ANNA, Kind.file, "bill.pdf", source)
        await self.deployment.media.attach(ANNA, content)
        return content.media_id

    async def delete(self, media_id: str) -> int:
        await self.deployment.media.delete([media_id])
        return await self.deployment.media.sweep()

    async def close(self) -> None:
        await self.deployment.media.close()
        await self.deployment.http.close()
        await self.deployment.db.close()


def blob_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data_dir=str(tmp_path / "data"))
    house = House(settings, await open_deployment(settings))
    yield house
    await house.close()


@pytest.fixture
async def town(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A deployment on PostgreSQL that is not served."""
    settings = Settings(data_dir=str(tmp_path / "data"), database_url=database_url)
    house = House(settings, await open_deployment(settings))
    yield house
    await house.close()


@pytest.fixture
def empty(postgres: PostgresServer) -> Iterator[str]:
    """A database without a table."""
    yield postgres.create_database("again")
    postgres.drop_database("again")


async def taken(house: House, target: Path) -> making.Done:
    return await asyncio.to_thread(back_up, house.settings, target, with_key=True, say=str)


async def put_back(target: Path, into: Path, url: str = "", *, replace: bool = False) -> restoring.Restored:
    settings = Settings(data_dir=str(into), database_url=url)
    return await asyncio.to_thread(restore, settings, target, replace=replace, key_file=None, say=str)
