"""The tea shop's web site with the widget on it, and an agent at the console; per test a browser of its own."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser import browser as browser  # a fixture
from tests.e2e.demo.conftest import process as process  # a fixture
from tests.e2e.demo.process import DemoProcess
from tests.e2e.widget.street import Street


@pytest.fixture
async def street(process: DemoProcess, browser: Browser) -> AsyncIterator[Street]:
    made = Street(browser, process)
    yield made
    await made.close()
    assert not made.faults.left()
