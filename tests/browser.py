"""A real browser for the tests: `browser_executable()` and the fixtures `browser` and `page` (Playwright, async).

Import the fixtures where they are used. `make test` sets the browser up; which one it is, is
printed before the tests. Whoever sets another one in CHAGUAN_CHROMIUM gets that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tools.browser_env import launcher

# Headless without a sandbox (containers and root have none), without the browser's own calls home.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
    # A microphone that says yes and beeps.
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)


def browser_executable() -> Path:
    """The program to start: the launcher that set-up wrote, or what CHAGUAN_CHROMIUM names."""
    return launcher()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of this test's own; starting one takes about half a second."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=browser_executable(), args=FLAGS)
        yield started
        await started.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that fails the test on an uncaught error in the page's scripts."""
    errors: list[str] = []
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    opened = await context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    await context.close()
    assert not errors, f"the page's scripts failed: {errors}"
