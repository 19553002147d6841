"""Both pages of “The first message”, followed to the letter in an empty project: sandbox, doctor, then `wx.login`."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright

from tests.browser import FLAGS, browser_executable
from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import PASSWORD
from tests.e2e.test_tutorial import CLIENTS, PAGE, Reader, blocks, converse, serve, sign_in_at_desk

ENGLISH = PAGE.with_name("first-message.md")
CHINESE = PAGE.with_name("first-message.zh-CN.md")
MOST_OWN_LINES = 12
PUBLIC = "https://im.example.com"
# What the developer tools make of “TypeScript, 不使用模板”.
EMPTY: dict[str, str] = json.loads((CLIENTS.parent / "tools/wechat/empty-project.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    started = DemoProcess(tmp_path_factory.mktemp("first-message"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


class Newcomer(Reader):
    """Starts from the empty project and has the blocks of this page."""

    def __init__(self, folder: Path, demo: DemoProcess, page: Path) -> None:
        super().__init__(folder, demo)
        self.written = blocks(page)
        self.blocks = {name: self._here(text) for name, text in self.written.items()}
        self.app_id = self._app_id()

    def _app_id(self) -> str:
        """What stands in the console under Shops & apps, beside the AppID of the sandbox."""
        with httpx.Client(base_url=self.demo.url, trust_env=False) as web:
            who = {"email": "lin@tea.example", "password": PASSWORD, "device_id": "d", "device_name": "d"}
            signed = web.post("/v1/auth/staff", json=who).raise_for_status().json()
            web.headers["authorization"] = f"Bearer {signed['access_token']}"
            apps = web.get("/v1/admin/apps").raise_for_status().json()["apps"]
        sandboxed = re.findall(r"sandbox: '(\w+)'", self.written["app.ts"])
        (mine,) = [app for app in apps if app["wechat_appid"] in sandboxed]
        return str(mine["id"])

    def put(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text.replace("a_…", self.app_id), "utf-8")

    def install(self) -> None:
        build, *commands = self.blocks["packages"].splitlines()
        # Set-up has built them; building them again would pull them away from under other tests.
        assert re.findall(r"-w ([\w-]+)", build) == ["sdk", "mini-kit", "doctor"]
        for command in commands:
            self.run(*shlex.split(command))

    def build_npm(self) -> None:
        """构建 npm: for each dependency, the folder that its package.json names goes to miniprogram_npm."""
        wanted = json.loads((self.folder / "package.json").read_text("utf-8"))["dependencies"]
        for name in wanted:
            package = self.folder / "node_modules" / name
            source = json.loads((package / "package.json").read_text("utf-8"))["miniprogram"]
            shutil.copytree(package / source, self.folder / "miniprogram_npm" / name)

    def ask_doctor(self, block: str) -> tuple[int, set[str]]:
        """The exit code, and which checks have more to say than a note."""
        command = [*shlex.split(self.blocks[block]), "--json"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout, done.stderr
        findings = json.loads(done.stdout)["findings"]
        return done.returncode, {one["check"] for one in findings if one["severity"] != "note"}

    def build(self, out: Path, **config: str) -> Path:
        """Stands for the preview of the developer tools."""
        harness = str(CLIENTS / "mini-harness" / "bin" / "mini-harness.js")
        self.run("node", harness, "build", str(self.folder), str(out), "--config", json.dumps(config))
        return out


def own_lines(written: dict[str, str]) -> list[str]:
    """What the reader writes: every line of the page's files that the empty project does not have."""
    return [
        line
        for name in EMPTY.keys() & written.keys()
        for line in written[name].splitlines()
        if line.strip() and line not in EMPTY[name].splitlines()
    ]


async def talk(program: Path, desk_url: str) -> None:
    files, port = serve(program)
    try:
        async with async_playwright() as playwright:
            # A mini program asks any address, where a page would need its leave: as 不校验合法域名 has it.
            free = [*FLAGS, "--disable-web-security"]
            browser = await playwright.chromium.launch(executable_path=browser_executable(), args=free)
            phone = await browser.new_page(locale="en", viewport={"width": 375, "height": 812})
            await phone.goto(f"http://127.0.0.1:{port}/index.html")
            desk = await sign_in_at_desk(await browser.new_page(locale="en"), desk_url)
            await converse(phone, desk)
            await browser.close()
    finally:
        files.stop()


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh-CN"])
async def test_who_follows_the_page_gets_the_first_message_to_the_desk(
    demo: DemoProcess, tmp_path: Path, page: Path
) -> None:
    (folder := tmp_path / "program").mkdir()
    reader = Newcomer(folder, demo, page)
    for name, empty in EMPTY.items():
        reader.put(name, reader.blocks.get(name, empty))
    reader.install()
    reader.build_npm()
    assert reader.ask_doctor("doctor") == (0, {"files/appid", "domains/local"})
    await talk(reader.build(tmp_path / "sandbox"), demo.url)

    reader.put("app.ts", reader.written["app.ts@wechat"])
    registered = EMPTY["project.config.json"].replace("touristappid", "wx0123456789abcdef")
    reader.put("project.config.json", registered)
    assert reader.ask_doctor("release") == (0, set())
    # The demo stands for the deployment at im.example.com, and gives the codes of wx.login.
    reader.put("app.ts", reader.written["app.ts@wechat"].replace(PUBLIC, demo.url))
    login = f"{demo.url}/demo/wechat-code?phone={page.stem}"
    await talk(reader.build(tmp_path / "wechat", loginUrl=login), demo.url)


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh-CN"])
def test_the_page_asks_for_few_lines_of_ones_own(page: Path) -> None:
    counted = own_lines(blocks(page))
    assert 0 < len(counted) <= MOST_OWN_LINES, counted
    # Its title says how many.
    assert len(counted) == 5 and re.search("five lines|五行", page.read_text("utf-8").splitlines()[0])


def test_the_page_has_the_same_code_in_both_languages() -> None:
    assert blocks(ENGLISH) == blocks(CHINESE)
    assert len(blocks(ENGLISH)) == 7
