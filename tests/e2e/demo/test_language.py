"""The choice of language holds on the whole demo page and disturbs nobody."""

from playwright.async_api import expect

from tests.e2e.demo.stage import Stage
from tests.e2e.demo.words import EN


async def test_the_open_desk_changes_its_language_with_the_demo_page_and_keeps_what_was_typed(
    stage: Stage,
) -> None:
    demo = await stage.demo()
    await demo.phone.contact()
    await demo.phone.say("which language?")
    await demo.desk.take("which language?")
    await demo.desk.box.fill("half a sentence")
    await demo.page.locator("#language").click()
    desk = demo.desk.frame
    await expect(desk.get_by_role("tab", name=EN.mine)).to_be_visible()
    await expect(desk.get_by_role("button", name=EN.resolve)).to_be_visible()
    await expect(desk.locator("html")).to_have_attribute("lang", "en")
    await expect(demo.desk.message("which language?")).to_have_count(1)
    await expect(demo.desk.box).to_have_value("half a sentence")
