"""The browser that set-up found or fetched does what the other tests take for granted."""

from playwright.async_api import Page

from tests.browser import browser as browser  # a fixture
from tests.browser import page as page


async def _picture_of(page: Page, letter: str) -> bytes:
    await page.set_content(f'<p style="font: 60px sans-serif; margin: 0">{letter}</p>')
    return await page.screenshot(clip={"x": 0, "y": 0, "width": 80, "height": 90})


async def test_chinese_letters_are_drawn_and_are_not_boxes(page: Page) -> None:
    # Without a font every letter is the same box.
    pictures = {await _picture_of(page, letter) for letter in "茶馆龙"}
    assert len(pictures) == 3


async def test_a_script_in_a_page_runs_and_speaks_of_its_language(page: Page) -> None:
    await page.set_content(
        "<button>0</button><script>document.querySelector('button').onclick = e => e.target.textContent++</script>"
    )
    await page.get_by_role("button").click()
    assert await page.get_by_role("button").text_content() == "1"
    assert await page.evaluate("navigator.language") == "zh-CN"
