"""The tea shop's web site with the widget on it, and an agent at the console.

One server for all these files, and for each file one browser and one agent's page; each test has visitors of its own.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser import FLAGS, browser_executable
from tests.e2e.demo.process import DemoProcess
from tests.e2e.widget.street import Office, Street


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    started = DemoProcess(tmp_path_factory.mktemp("street"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=browser_executable(), args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(process: DemoProcess, browser: Browser) -> AsyncIterator[Office]:
    made = Office(browser, process)
    yield made
    await made.close()
    assert not made.faults.left()


@pytest_asyncio.fixture(loop_scope="module")
async def street(process: DemoProcess, browser: Browser, office: Office) -> AsyncIterator[Street]:
    made = Street(browser, process, office)
    yield made
    await made.close()
    assert not made.faults.left()
