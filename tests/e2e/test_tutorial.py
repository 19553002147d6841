"""The tutorial, followed to the letter: its code in an empty folder, its commands, the demo as the deployment."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.browser import FLAGS, browser_executable
from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import PASSWORD, Desk
from tests.e2e.demo.words import EN
from tests.e2e.deployed import Program, free_port
from tools.node_env import node_path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-mini-program.md"
CLIENTS = ROOT / "clients"
BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TYPES = """{ "compilerOptions": { "strict": true, "noEmit": true, "target": "es2020", "module": "commonjs",
  "moduleResolution": "node10", "ignoreDeprecations": "6.0", "skipLibCheck": true, "lib": ["es2020"],
  "types": ["%s"] }, "include": ["app.ts", "services", "pages"] }"""


def blocks(page: Path) -> dict[str, str]:
    return {name: text for _, name, text in BLOCK.findall(page.read_text("utf-8"))}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    started = DemoProcess(tmp_path_factory.mktemp("tutorial"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


class Reader:
    """Who follows the page; on this machine the ports and the folder of the repository are others than on it."""

    def __init__(self, folder: Path, demo: DemoProcess) -> None:
        self.folder, self.demo = folder, demo
        self.token_port = free_port()
        self.blocks = {name: self._here(text) for name, text in blocks(PAGE).items()}
        self.env = {**os.environ, "PATH": node_path(), "npm_config_offline": "true", "NO_COLOR": "1"}

    def _here(self, text: str) -> str:
        local = text.replace("8080", str(self.demo.port)).replace("8100", str(self.token_port))
        return local.replace("/path/to/chaguan", str(ROOT))

    def write_program(self) -> None:
        for name, text in self.blocks.items():
            if Path(name).suffix in (".ts", ".json", ".wxml"):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_text(text, "utf-8")

    def install(self) -> None:
        build, install = self.blocks["packages"].splitlines()
        # Set-up has built them; building them again would pull them away from under other tests.
        assert re.findall(r"build -w ([\w-]+)", build) == ["sdk", "mini-kit"]
        self.run(*shlex.split(install))

    def run(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def make_app(self) -> tuple[str, str]:
        """What New app of the console does."""
        with httpx.Client(base_url=self.demo.url, trust_env=False) as web:
            who = {"email": "lin@tea.example", "password": PASSWORD, "device_id": "d", "device_name": "d"}
            signed = web.post("/v1/auth/staff", json=who).raise_for_status().json()
            web.headers["authorization"] = f"Bearer {signed['access_token']}"
            shop = web.get("/v1/admin/shops").raise_for_status().json()["shops"][0]["id"]
            app = web.post("/v1/admin/apps", json={"shop_id": shop, "kind": "web", "name": "Tutorial"})
            return app.raise_for_status().json()["id"], app.json()["secret"]

    def serve_tokens(self) -> Program:
        server = self.folder.parent / "token-server.mjs"
        server.write_text(self.blocks["token-server.mjs"], "utf-8")
        *settings, _, program = shlex.split(self.blocks["serve-tokens"])
        assert [one.partition("=")[0] for one in settings] == ["APP_ID", "APP_SECRET"]
        assert program == server.name
        app_id, secret = self.make_app()
        given = {"APP_ID": app_id, "APP_SECRET": secret, "PATH": node_path()}
        started = Program(["node", str(server)], self.folder.parent / "token-server.log", given)
        started.wait_for(self.token_port)
        return started


def serve(folder: Path) -> tuple[Program, int]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(folder),
    ]
    started = Program(command, folder.parent / "serve.log")
    started.wait_for(port)
    return started, port


async def sign_in_at_desk(page: Page, url: str) -> Desk:
    await page.goto(f"{url}/console/#/desk")
    await page.get_by_label("Email").fill("lin@tea.example")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("tab").first).to_be_visible()
    return Desk(page, page, EN)


async def converse(phone: Page, desk: Desk) -> None:
    box = phone.locator("textarea").last
    await box.fill("Is anybody there?")
    await box.press("Enter")
    await desk.take("Is anybody there?")
    await desk.say("Yes, welcome.")
    await expect(phone.get_by_role("article").filter(has_text="Yes, welcome.")).to_have_count(1)


async def test_who_follows_the_tutorial_talks_with_the_desk(demo: DemoProcess, tmp_path: Path) -> None:
    (folder := tmp_path / "program").mkdir()
    reader = Reader(folder, demo)
    reader.write_program()
    reader.install()
    (folder / "tsconfig.json").write_text(TYPES % (CLIENTS / "node_modules" / "miniprogram-api-typings"))
    reader.run("node", str(CLIENTS / "node_modules" / "typescript" / "bin" / "tsc"), "-p", str(folder))
    # Stands for 构建 npm and the preview of WeChat's developer tools.
    harness = str(CLIENTS / "mini-harness" / "bin" / "mini-harness.js")
    reader.run("node", harness, "build", str(folder), str(tmp_path / "built"))
    tokens, (files, port) = reader.serve_tokens(), serve(tmp_path / "built")
    try:
        async with async_playwright() as playwright:
            # A mini program asks any address, where a page would need its leave: as 不校验合法域名 has it.
            free = [*FLAGS, "--disable-web-security"]
            browser = await playwright.chromium.launch(executable_path=browser_executable(), args=free)
            phone = await browser.new_page(locale="en", viewport={"width": 375, "height": 812})
            await phone.goto(f"http://127.0.0.1:{port}/index.html")
            desk = await sign_in_at_desk(await browser.new_page(locale="en"), demo.url)
            await converse(phone, desk)
            await browser.close()
    finally:
        files.stop()
        tokens.stop()


def test_the_tutorial_has_the_same_code_in_both_languages() -> None:
    english, chinese = blocks(PAGE), blocks(PAGE.with_suffix(".zh-CN.md"))
    assert english == chinese and len(english) == 9
