"""A day at the desk of a tea shop, in acts: three customers, two agents, and who looks after them."""

import msgspec
from playwright.async_api import Locator, Page, expect

from chaguan.desk.times.report import By, ReportRow
from chaguan.desk.times.reports import ServiceReport
from chaguan.protocol.replies import WallReply
from tests.e2e.console.office import visit
from tests.e2e.desk.ledger import Ledger
from tests.e2e.desk.people import Colleague, Guest, Handset, WeChatCustomer
from tests.e2e.desk.stage import Stage

STARS_OF_PHONE, STARS_OF_GUEST = 4, 5
FIRST_QUESTION_MS = 40_000
"""The matcher reads its word lists at the first question: a second alone on a machine, ten beside other work."""


class Play:
    mei: Colleague
    qing: Colleague
    boss: Colleague
    wall: Page
    phone: Handset
    guest: Guest
    gu: WeChatCustomer

    def __init__(self, stage: Stage) -> None:
        self.stage, self.cast = stage, stage.cast

    async def the_shop_opens(self) -> None:
        """Two agents go online; the boss has the wall up."""
        stage, cast = self.stage, self.cast
        await stage.arrange()
        self.mei = await stage.colleague("mei@tea.example", "小梅", cast.mei)
        self.qing = await stage.new_agent(cast.qing.qing, cast.qing)
        self.boss = await stage.colleague("lin@tea.example", "老林", cast.boss)
        self.wall = await stage.wall(cast.boss)
        for agent in (self.mei, self.qing):
            await agent.go_online()

    async def the_boss_looks_at_what_was_settled(self) -> None:
        """For pictures: each of these pages has a test of its own."""
        page, words = self.boss.page, self.cast.boss
        await visit(page, "/admin/queues")
        await expect(page.locator(".queues > li")).to_have_count(1)
        await self.stage.picture("queues", page)
        await visit(page, "/admin/faq")
        await expect(page.locator("tbody tr")).to_have_count(4)
        await page.locator(".ask input").fill(self.cast.boss.asked_otherwise)
        await page.get_by_role("button", name=words.ask, exact=True).click()
        await expect(page.locator(".found")).to_be_visible(timeout=FIRST_QUESTION_MS)
        await self.stage.picture("faq", page)

    async def two_customers_come(self) -> None:
        """One writes in WeChat's own chat, one in the mini program: there the place in the line is seen, and it is the one
        that the agents see."""
        self.gu, lines = self.stage.wechat_customer(), self.cast.phone.lines
        await self.gu.say(self.cast.mei.lines.on_wechat)
        await self.mei.sees_in_line(self.cast.mei.lines.on_wechat, 1)
        self.phone = await self.stage.handset(self.cast.phone)
        await self.phone.contact()
        await self.phone.say(lines.on_phone)
        await self.phone.reads(self.cast.phone.second)
        for agent in (self.mei, self.qing):
            await agent.sees_in_line(lines.on_phone, 2)
        await expect(tile(self.wall, self.cast.boss.waiting)).to_have_text("2")
        await self.stage.picture("phone-line", self.phone.page)

    async def the_line_moves(self) -> None:
        """Qing takes who was first and answers; it arrives in WeChat, and who is behind moves up."""
        lines = self.cast.mei.lines
        await self.qing.take(lines.on_wechat)
        await self.qing.say(lines.to_wechat)
        await self.gu.reads(lines.to_wechat)
        await expect(self.qing.page.locator(".wechat")).to_contain_text(self.cast.qing.budget.format(n=4))
        await self.phone.reads(self.cast.phone.next)

    async def mei_takes_and_notes(self) -> None:
        """The customer sees who answers. What colleagues write to each other she does not."""
        phone, lines = self.cast.phone, self.cast.phone.lines
        await self.mei.take(lines.on_phone)
        await self.phone.reads(phone.serves.format(name=self.mei.name))
        await self.mei.say(lines.to_phone)
        await expect(self.phone.bubble(lines.to_phone)).to_have_count(1)
        await self.mei.note(self.cast.mei.lines.note)

    async def the_boss_whispers(self) -> None:
        whisper = self.cast.mei.lines.whisper
        await self.boss.look_over(self.mei.name)
        await expect(self.boss.noted(self.cast.mei.lines.note)).to_have_count(1)
        await self.boss.whisper(self.mei.name, whisper)
        told = self.cast.mei.whispered_to.format(name=self.mei.name)
        await expect(self.mei.noted(whisper)).to_contain_text(told)
        await self.stage.picture("agent", self.mei.page)

    async def mei_passes_her_on(self) -> None:
        """With a note, which stands in the history; the customer is told who is here for her now."""
        note, lines = self.cast.mei.lines.handover, self.cast.phone.lines
        dialog = await self.mei.begin_to_pass_on(self.qing.name, note)
        await self.stage.picture("pass-on", self.mei.page)
        await self.mei.pass_on(dialog, self.qing.name)
        await self.phone.reads(self.cast.phone.serves.format(name=self.qing.name))
        await self.qing.open(self.cast.phone.zhixia, lines.to_phone)
        history = await self.qing.history()
        passed = self.cast.qing.passed.format(actor=self.mei.name, agent=self.qing.name)
        await expect(history).to_contain_text(passed)
        await expect(history).to_contain_text(note)
        # A whisper is for who had the case then; a note for all of them.
        await expect(self.qing.noted(self.cast.mei.lines.note)).to_have_count(1)
        await expect(self.qing.noted(self.cast.mei.lines.whisper)).to_have_count(0)
        await self.qing.say(lines.after_handover)
        await expect(self.phone.bubble(lines.after_handover)).to_have_count(1)
        await self.nothing_for_colleagues_is_on_the_phone()

    async def nothing_for_colleagues_is_on_the_phone(self) -> None:
        lines, shown = self.cast.mei.lines, await self.phone.page.content()
        assert not [said for said in (lines.note, lines.whisper, lines.handover) if said in shown]

    async def the_bot_begins(self) -> None:
        """The boss switches it on. A guest of the web site is answered by it, and asks for a person."""
        boss, web = self.cast.boss, self.cast.web
        page = self.boss.page
        await visit(page, "/admin/bot")
        await page.get_by_text(boss.bot_first, exact=True).click()
        await page.get_by_role("button", name=boss.save).click()
        await expect(page.get_by_text(boss.saved)).to_be_visible()
        self.guest = await self.stage.guest(web)
        await self.guest.open()
        await self.guest.say(web.question)
        await expect(self.guest.bubble(web.answer)).to_have_count(1, timeout=FIRST_QUESTION_MS)
        await self.guest.reads(web.bot)
        await self.stage.picture("widget-bot", self.guest.page)
        await self.guest.log.get_by_role("button", name=web.human).click()
        await expect(self.guest.bubble(web.passing)).to_have_count(1)
        await self.guest.reads(web.next)

    async def a_person_takes_over_with_all_that_was_said(self) -> None:
        web, mei = self.cast.web, self.cast.mei
        await self.mei.take(web.question)
        await expect(self.mei.message(web.answer)).to_have_count(1)
        history = await self.mei.history()
        await expect(history).to_contain_text(mei.handed_over)
        await expect(history).to_contain_text(mei.asked_for_person)
        await self.guest.reads(web.serves.format(name=self.mei.name))
        await self.mei.say(web.lines.to_visitor)
        await expect(self.guest.bubble(web.lines.to_visitor)).to_have_count(1)
        await self.stage.picture("widget-agent", self.guest.page)
        await self.stage.picture("handed-over", self.mei.page)

    async def cases_end_and_are_rated(self) -> None:
        """By a finger on the phone, in the widget; WeChat's own chat has no stars."""
        await self.qing.resolve()
        await self.phone.begin_to_rate(STARS_OF_PHONE)
        await self.stage.picture("phone-rating", self.phone.page)
        await self.phone.rate()
        stars = self.cast.qing.stars_told.format(n=STARS_OF_PHONE)
        profile = await self.qing.profile()
        await expect(profile.get_by_role("img", name=stars)).to_be_visible()
        await self.mei.resolve()
        await self.guest.rate(STARS_OF_GUEST)
        said = self.cast.mei.lines.to_wechat
        await self.qing.open(said, said)
        await self.qing.resolve()

    async def she_asks_again(self) -> None:
        """It was not solved after all: the same case waits again, is taken, answered and ends."""
        lines = self.cast.phone.lines
        await self.phone.ask_again()
        await self.phone.reads(self.cast.phone.next)
        await expect(tile(self.wall, self.cast.boss.waiting)).to_have_text("1")
        await self.stage.picture("wall", self.wall)
        await self.qing.take(lines.after_handover)
        history, rated = await self.qing.history(), self.cast.qing.rated.format(stars=STARS_OF_PHONE)
        await expect(history).to_contain_text(rated)
        await expect(history).to_contain_text(self.cast.qing.reopened)
        await self.qing.say(lines.once_more)
        await expect(self.phone.bubble(lines.once_more)).to_have_count(1)
        await self.qing.resolve()

    async def wall_and_report_agree_with_the_log(self) -> None:
        """The wall without anybody's doing, the report as soon as it is asked for, each in every figure."""
        page, words = self.boss.page, self.cast.boss
        await visit(page, "/admin/statistics")
        await page.locator("form").get_by_text(words.agent, exact=True).click()
        await expect(tile(self.wall, words.resolved)).to_have_text("4")
        ledger = Ledger(self.stage.served.folder / "chaguan.db")
        assert ledger.missing_kinds() == set()
        await self._wall_agrees(ledger)
        names = await self._report_agrees(ledger)
        assert {self.mei.name, self.qing.name} <= set(names.values())
        for id, name in names.items():
            await self._line_agrees(page, name, ledger.row(By.agent, id))
        await self.stage.picture("report", page)
        await self.stage.picture("wall-evening", self.wall)

    async def _wall_agrees(self, ledger: Ledger) -> None:
        answer = await self.stage.served.ask("GET", "/v1/admin/wall")
        told, words = msgspec.convert(answer, WallReply).wall, self.cast.boss
        ledger.agree(told)
        minutes, seconds = divmod(told.first_reply_ms // 1000, 60)
        figures = {
            words.waiting: "0",
            words.open: "0",
            words.resolved: str(told.resolved),
            words.abandoned: "0",
            words.first_reply: f"{minutes}:{seconds:02d}",
            words.rating: f"{told.rating:.1f} ★",
        }
        for label, figure in figures.items():
            await expect(tile(self.wall, label)).to_have_text(figure)

    async def _report_agrees(self, ledger: Ledger) -> dict[str, str]:
        """By day, queue and agent. Answers with the agents' names."""
        days = f"first_day={ledger.first_day}&last_day={ledger.last_day}"
        for by in (By.day, By.queue, By.agent):
            path = f"/v1/admin/reports/service-times?{days}&by={by.value}"
            report = msgspec.convert(await self.stage.served.ask("GET", path), ServiceReport)
            assert report.total == ledger.total()
            assert report.rows == [ledger.row(by, row.key) for row in report.rows]
        return report.names

    async def _line_agrees(self, page: Page, name: str, row: ReportRow) -> None:
        """What stands of one agent on the boss's screen."""
        counts = (row.opened, row.reopened, row.resolved, row.abandoned, row.messages_left, row.transferred)
        cells = page.locator("tbody tr").filter(has_text=name).locator("td")
        for nth, count in enumerate(counts):
            await expect(cells.nth(nth)).to_have_text(str(count))
        words = self.cast.boss
        stars = words.star_cell.format(stars=f"{row.rating:.1f}", count=row.rated)
        await expect(cells.last).to_have_text(stars if row.rated else words.nothing)


def tile(wall: Page, label: str) -> Locator:
    return wall.locator(".tile").filter(has_text=label).locator(".figure")
