"""`make screenshots`: takes the pictures of docs/images from a demo that it starts itself, and those of a day at the desk from
its play in the tests. `python -m tools.screenshots demo` or `day` takes only some. Not part of the tests."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright

from tests.browser import FLAGS, browser_executable
from tools.steps import ROOT

IMAGES = ROOT / "docs" / "images"
WORDS = {
    "zh-CN": {
        "contact": "联系客服",
        "take": "接待",
        "ask": "你好，这款茶今年的新茶到了吗？",
        "say": "到了，昨天刚到的。要给您留两罐吗？",
    },
    "en": {
        "contact": "Chat",
        "take": "Take",
        "ask": "Hello, is this year's tea in yet?",
        "say": "Yes, since yesterday. Shall I keep two tins for you?",
    },
}


def free_port() -> int:
    """A port whose neighbour is free too: the demo's shop takes that one."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return int(port)


def start(folder: str, port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "chaguan.cli",
        "serve",
        "--demo",
        "--port",
        str(port),
        "--data-dir",
        folder,
    ]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )


async def until_up(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await asyncio.to_thread(
                    urllib.request.urlopen, f"http://127.0.0.1:{port + 1}/api/products", None, 1
                )
                return
            except OSError:
                await asyncio.sleep(0.1)


def save(name: str, png: bytes) -> None:
    # Refined once more, so that grounds are exact and the few pixels of a red price or a green dot stay what they are.
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)
    print(f"{name}.png  {(IMAGES / f'{name}.png').stat().st_size // 1024} KiB")


async def converse(page: Page, language: str, mark: str) -> None:
    words = WORDS[language]
    phone, desk = page.frame_locator("#phone"), page.frame_locator("#desk")
    await phone.locator(".serif").nth(2).wait_for()
    save(f"phone-home-{mark}", await page.locator(".phone").screenshot())
    await phone.get_by_text("¥").nth(1).click()
    await phone.get_by_text(words["contact"], exact=True).last.wait_for()
    save(f"phone-product-{mark}", await page.locator(".phone").screenshot())
    await phone.get_by_text(words["contact"], exact=True).last.click()
    await phone.locator("textarea").last.fill(words["ask"])
    await phone.locator("textarea").last.press("Enter")
    await desk.get_by_text(words["ask"][:12]).first.click()
    await desk.get_by_role("button", name=words["take"]).last.click()
    await desk.locator("textarea").last.fill(words["say"])
    await desk.locator("textarea").last.press("Enter")
    await phone.get_by_text(words["say"]).wait_for()


async def shoot(port: int, language: str, scheme: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_executable(), args=FLAGS)
        page = await browser.new_page(
            viewport={"width": 1680, "height": 1000},
            locale=language,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        await page.goto(f"http://127.0.0.1:{port}/demo/")
        mark = language if scheme == "light" else f"{language}-dark"
        await converse(page, language, mark)
        await page.mouse.move(5, 5)
        save("demo" if mark == "zh-CN" else f"demo-{mark}", await page.screenshot())
        save(f"phone-chat-{mark}", await page.locator(".phone").screenshot())
        save(f"desk-{mark}", await page.locator(".desk").screenshot())
        await browser.close()


async def shoot_demo() -> None:
    for language, scheme in (("zh-CN", "light"), ("en", "light"), ("zh-CN", "dark"), ("en", "dark")):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            server = start(folder, port)
            try:
                await until_up(port)
                await shoot(port, language, scheme)
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()


def shoot_day() -> None:
    """What the pages of docs/how-to show; of the play's pictures those that they name."""
    with tempfile.TemporaryDirectory() as folder:
        play = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests/e2e/desk"]
        subprocess.run(play, cwd=ROOT, env={**os.environ, "SHOTS": folder}, check=True)
        pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "how-to").glob("*.md"))
        for picture in sorted(Path(folder).glob("day-*.png")):
            if f"images/{picture.name}" in pages:
                save(picture.stem, picture.read_bytes())


def main(wanted: list[str]) -> None:
    IMAGES.mkdir(exist_ok=True)
    if "demo" in wanted or not wanted:
        asyncio.run(shoot_demo())
    if "day" in wanted or not wanted:
        shoot_day()


if __name__ == "__main__":
    main(sys.argv[1:])
