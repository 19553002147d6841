"""One demo process per file of tests; per test a browser, whose console must stay empty."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browser import browser as browser  # a fixture
from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import Stage


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    started = DemoProcess(tmp_path_factory.mktemp("demo"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture
async def stage(process: DemoProcess, browser: Browser) -> AsyncIterator[Stage]:
    made = Stage(browser, process.url)
    yield made
    await made.close()
    assert not made.faults.left()
