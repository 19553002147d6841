"""One deployment without demo data per file of tests; per test a browser, whose pages must not fail."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browser import browser as browser  # a fixture
from tests.e2e.console.office import Office
from tests.e2e.process import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    started = Served(tmp_path_factory.mktemp("console") / "data")

    async def start() -> Served:
        return await (await started.start()).set_up()

    try:
        yield asyncio.run(start())
    finally:
        started.stop()


@pytest.fixture
async def office(served: Served, browser: Browser) -> AsyncIterator[Office]:
    made = Office(served, browser)
    yield made
    await made.close()
    assert not made.faults.left()
