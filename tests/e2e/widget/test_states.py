"""What the widget shows when something is missing: nobody signed in, no answer, no network; and long histories."""

import asyncio
import json
import uuid
from base64 import urlsafe_b64decode

import httpx
import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from tests.e2e.demo.process import DemoProcess
from tests.e2e.widget.street import SAID_ZH, Street, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
LINES = 60


class Sockets:
    """Chromium's own "offline" leaves open sockets alone."""

    def __init__(self) -> None:
        self.is_cut = False
        self._open: list[WebSocketRoute] = []

    async def open(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            await socket.close()
            return
        socket.connect_to_server()
        self._open.append(socket)

    async def cut(self) -> None:
        self.is_cut = True
        for socket in self._open:
            await socket.close()


async def test_a_visitor_who_is_not_signed_in_is_told_so_and_chats_after_signing_in(street: Street) -> None:
    street.faults.allowed.append("status of 401")
    visitor = await street.visitor()
    await visitor.page.route("**/chat-token", lambda route: route.fulfill(status=401))
    await visitor.arrive()
    await visitor.launcher.click()
    await expect(visitor.panel.get_by_text(SAID_ZH.nobody)).to_be_visible()
    await expect(visitor.box).to_be_hidden()
    await visitor.page.unroute("**/chat-token")
    await visitor.page.evaluate("chaguan.signIn()")
    await expect(visitor.box).to_be_visible()
    await visitor.say("now I am somebody")


async def test_a_site_whose_token_fails_is_asked_again(street: Street) -> None:
    street.faults.allowed += ["status of 500", "chaguan: Error: /chat-token answered 500"]
    visitor = await street.visitor()
    await visitor.page.route("**/chat-token", lambda route: route.fulfill(status=500))
    await visitor.arrive()
    await visitor.launcher.click()
    await expect(visitor.panel.get_by_text(SAID_ZH.failed)).to_be_visible()
    await visitor.page.unroute("**/chat-token")
    await visitor.panel.get_by_role("button", name=SAID_ZH.again).click()
    await expect(visitor.box).to_be_visible()


async def test_who_comes_after_a_visitor_on_the_same_browser_reads_nothing_of_theirs(street: Street) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    await visitor.say("my secret")
    await expect(visitor.log.get_by_text("已送达")).to_be_visible()
    await visitor.box.fill("my secret draft")
    await visitor.page.context.clear_cookies()
    await visitor.arrive()
    await expect(visitor.panel.get_by_text(SAID_ZH.empty)).to_be_visible()
    await expect(visitor.bubble("my secret")).to_have_count(0)
    await expect(visitor.box).to_have_value("")
    await visitor.say("somebody else")
    await visitor.page.evaluate("chaguan.signOut()")
    await expect(visitor.panel.get_by_text(SAID_ZH.nobody)).to_be_visible()
    assert await visitor.page.evaluate("Object.keys(localStorage)") == []
    kept: list[str] = await visitor.page.evaluate("Object.keys(sessionStorage)")
    assert not [name for name in kept if "draft" in name]


async def test_without_a_network_a_banner_says_so_and_what_was_written_goes_out_later(street: Street) -> None:
    street.faults.allowed += ["ERR_INTERNET_DISCONNECTED", "WebSocket connection to"]
    visitor = await street.visitor()
    sockets = Sockets()
    await visitor.page.route_web_socket("**/v1/ws", sockets.open)
    await (await visitor.arrive()).open()
    await visitor.say("with a network")
    await visitor.page.context.set_offline(True)
    await sockets.cut()
    await expect(visitor.panel.locator(".banner")).to_be_visible()
    await visitor.say("into the tunnel")
    sockets.is_cut = False
    await visitor.page.context.set_offline(False)
    await expect(visitor.panel.locator(".banner")).to_be_hidden()
    await expect(visitor.log.get_by_text("已送达")).to_have_count(1)
    await expect(visitor.bubble("into the tunnel")).to_have_count(1)


async def test_a_file_that_is_refused_says_so_and_goes_out_when_it_is_sent_again(street: Street) -> None:
    street.faults.allowed.append("status of 413")
    visitor = await (await (await street.visitor()).arrive()).open()
    refusal = json.dumps({"error": {"code": "too_large", "detail": ""}})
    await visitor.page.route(
        "**/v1/media", lambda route: route.fulfill(status=413, body=refusal, content_type="application/json")
    )
    await visitor.send_file("notes.txt", "text/plain", b"eighty degrees")
    again = visitor.log.get_by_role("button", name=SAID_ZH.again_send)
    await expect(visitor.log.locator(".failed")).to_contain_text("发送失败")
    await visitor.page.unroute("**/v1/media")
    await again.click()
    await expect(visitor.log.get_by_text("已送达")).to_be_visible()
    await expect(again).to_have_count(0)


async def test_older_messages_come_on_scrolling_up_and_nothing_jumps(
    street: Street, process: DemoProcess
) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    await expect(visitor.panel.get_by_text(SAID_ZH.empty)).to_be_visible()
    await leave_and_forget(street, visitor)
    await fill_history(visitor, process)
    await visitor.arrive()
    await expect(visitor.bubble(f"line {LINES}.")).to_be_visible()
    await expect(visitor.bubble("line 10.")).to_have_count(0)
    to_unread = visitor.panel.get_by_role("button", name=f"{LINES} 条未读")
    await expect(to_unread).to_be_visible()
    # The wheel stops in the upper part of what is there; the page that then comes must not move what is seen.
    held: list[float] = await visitor.log.evaluate(
        """async (log) => {
          log.scrollTop = 100
          const line = log.querySelectorAll('.row')[4]
          const before = line.getBoundingClientRect().top
          const count = log.querySelectorAll('.row').length
          const until = performance.now() + 8000
          while (log.querySelectorAll('.row').length === count && performance.now() < until) {
            await new Promise(requestAnimationFrame)
          }
          await new Promise(requestAnimationFrame)
          return [before, line.getBoundingClientRect().top, log.querySelectorAll('.row').length - count]
        }"""
    )
    before, after, more = held
    assert more > 0
    assert before > 0
    assert abs(after - before) < 1, held
    # Both pages are here: the line above what is new stands where it belongs, and nothing has to lead there.
    await expect(to_unread).to_be_hidden()
    found = await visitor.shifts()
    assert not found, found


async def test_the_first_of_many_unread_messages_is_a_click_away_and_so_is_the_newest(
    street: Street, process: DemoProcess
) -> None:
    visitor = await (await street.visitor()).arrive()
    await leave_and_forget(street, visitor)
    await fill_history(visitor, process, 95)
    await visitor.arrive()
    await visitor.open()
    await visitor.panel.get_by_role("button", name="95 条未读").click()
    await expect(visitor.line("line 1.")).to_be_focused()
    await expect(visitor.line("line 1.").get_by_text(SAID_ZH.divider)).to_be_visible()
    await expect(visitor.bubble("line 95.")).to_have_count(0)
    await visitor.panel.get_by_role("button", name="回到最新消息").click()
    await expect(visitor.bubble("line 95.")).to_be_in_viewport()
    assert await visitor.shifts() == []


async def leave_and_forget(street: Street, visitor: Visitor) -> None:
    """To a page of the same site without the widget, which would hear and keep: as if the browser had been cleaned."""
    street.faults.allowed.append("favicon.ico")
    await visitor.page.goto(f"{visitor.url}files/site.css")
    await visitor.page.evaluate("localStorage.clear()")


async def fill_history(visitor: Visitor, process: DemoProcess, lines: int = LINES) -> None:
    """As the merchant's own server writes, with its key."""
    known = json.loads((process.folder / "data" / "demo.json").read_text())
    headers = {"authorization": f"Bearer {known['api_key']}"}
    site = visitor.page.context.request
    token = (await (await site.get(visitor.url.replace("/site/", "/chat-token"))).json())["token"]
    who = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))["sub"]
    async with httpx.AsyncClient(
        base_url=f"{process.url}/v1/server/conversations", headers=headers, trust_env=False
    ) as http:
        asked = {"app_id": known["app_id"], "external_id": who}
        opened = (await http.post("/service", json=asked)).raise_for_status().json()
        for number in range(1, lines + 1):
            content = {"type": "text", "text": f"line {number}."}
            message = {"client_msg_id": str(uuid.uuid4()), "content": content}
            path = f"/{opened['view']['conversation']['id']}/messages"
            while (answer := await http.post(path, json=message)).status_code == 429:
                await asyncio.sleep(answer.json()["error"]["data"]["retry_after_ms"] / 1000)
            answer.raise_for_status()


async def test_the_script_is_kept_for_minutes_and_may_be_named_by_other_sites(process: DemoProcess) -> None:
    async with httpx.AsyncClient(base_url=process.url, trust_env=False) as http:
        first = await http.get("/widget.js", headers={"origin": "https://shop.example"})
        assert first.status_code == 200
        assert first.headers["content-type"] == "text/javascript; charset=utf-8"
        assert first.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=86400"
        assert first.headers["cross-origin-resource-policy"] == "cross-origin"
        assert first.headers["access-control-allow-origin"] == "*"
        assert first.headers["x-content-type-options"] == "nosniff"
        again = await http.get("/widget.js", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def aborted(route: Route) -> None:
    await route.abort()


async def test_a_page_whose_script_can_not_be_had_works_without_it(street: Street) -> None:
    street.faults.allowed.append("ERR_FAILED")
    visitor = await street.visitor()
    await visitor.page.route("**/widget.js", aborted)
    await visitor.page.goto(visitor.url)
    await visitor.ask.click()
    await expect(visitor.launcher).to_have_count(0)
