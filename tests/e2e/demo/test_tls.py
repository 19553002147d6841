"""`serve --demo --tls`: the phone, the desk and the merchant's server, all over https."""

from collections.abc import Iterator

import pytest
import trustme
from playwright.async_api import Browser, expect

from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import Stage
from tests.e2e.demo.words import ZH
from tests.e2e.deployed import certificate


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    folder = tmp_path_factory.mktemp("demo-tls")
    # For another name than the one it is reached at inside, as real certificates are.
    started = DemoProcess(folder, certificate(trustme.CA(), folder, "tea.example"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


async def test_phone_and_desk_converse_and_see_the_shops_orders_over_https(
    process: DemoProcess, browser: Browser
) -> None:
    stage = Stage(browser, process.url)
    demo = await stage.demo(ZH, ignore_https_errors=True)
    await demo.phone.contact()
    await demo.phone.say("走加密的路")
    await demo.desk.take("走加密的路")
    await demo.desk.say("到了")
    await expect(demo.phone.bubble("到了")).to_have_count(1)
    # What the merchant's server tells about the customer, asked for by Chaguan.
    await expect(demo.desk.frame.get_by_text("累计订单")).to_be_visible()
    await stage.close()
    assert not stage.faults.left()
