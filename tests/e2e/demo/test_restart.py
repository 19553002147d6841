"""Reloads, a second phone, a killed server: nothing is lost, nothing doubled, unread is right everywhere."""

from playwright.async_api import expect

from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import SERVER_GONE, Demo, Stage
from tests.e2e.demo.words import ZH


async def conversing(stage: Stage, first: str) -> Demo:
    demo = await stage.demo()
    await demo.phone.contact()
    await demo.phone.say(first)
    await demo.desk.take(first)
    await demo.desk.say(f"answer to {first}")
    await expect(demo.phone.bubble(f"answer to {first}")).to_have_count(1)
    return demo


async def open_chat(demo: Demo) -> None:
    await demo.phone.frame.get_by_role("tab", name=ZH.messages_tab).click()
    await demo.phone.frame.get_by_role("listitem").first.click()
    await expect(demo.phone.box).to_be_visible()


async def test_after_a_reload_of_both_sides_everything_is_there_once(stage: Stage) -> None:
    demo = await conversing(stage, "before the reload")
    await demo.page.reload()
    await demo.ready()
    await open_chat(demo)
    await expect(demo.phone.bubbles).to_have_count(2)
    await demo.desk.queue(ZH.mine)
    await demo.desk.row("answer to before the reload").click()
    await expect(demo.desk.message("before the reload")).to_have_count(2)
    await demo.phone.say("after the reload")
    await expect(demo.desk.message("after the reload")).to_have_count(1)
    await demo.desk.say("still here")
    await expect(demo.phone.bubble("still here")).to_have_count(1)
    await demo.desk.resolve()


async def test_a_second_phone_is_another_customer_and_sees_nothing_of_the_first(stage: Stage) -> None:
    demo = await conversing(stage, "I am the first")
    async with demo.page.context.expect_page() as opened:
        await demo.page.get_by_role("button", name="再开一部手机").click()
    second = Demo(await opened.value, stage.url, ZH)
    await second.ready()
    await second.phone.contact()
    await second.phone.say("I am the second")
    await expect(second.phone.bubbles).to_have_count(1)
    await demo.desk.queue(ZH.waiting)
    await expect(demo.desk.row("I am the second")).to_have_count(1)
    await demo.desk.take("I am the second")
    await demo.desk.say("to the second alone")
    await expect(second.phone.bubble("to the second alone")).to_have_count(1)
    await expect(demo.phone.bubble("to the second alone")).to_have_count(0)
    await demo.phone.say("and another thing")
    row = demo.desk.row("and another thing")
    await expect(row.locator(".badge")).to_contain_text("1 条未读")
    await row.click()
    await expect(demo.desk.message("and another thing")).to_have_count(1)
    await expect(row.locator(".badge")).to_have_count(0)


async def test_what_was_typed_while_the_server_was_killed_arrives_afterwards_once(
    stage: Stage, process: DemoProcess
) -> None:
    stage.faults.allowed.append(SERVER_GONE)
    demo = await conversing(stage, "before the end")
    process.kill()
    await demo.phone.say("from the phone, into the dark")
    await demo.desk.say("from the desk, into the dark")
    process.start()
    await expect(demo.desk.message("from the phone, into the dark")).to_have_count(1, timeout=45_000)
    await expect(demo.phone.bubble("from the desk, into the dark")).to_have_count(1, timeout=45_000)
    await demo.phone.say("and on we go")
    await expect(demo.desk.message("and on we go")).to_have_count(1)
    await demo.page.reload()
    await demo.ready()
    await open_chat(demo)
    texts = await demo.phone.bubbles.all_inner_texts()
    for said in ("before the end", "from the phone, into the dark", "from the desk, into the dark"):
        assert sum(said in text for text in texts) == (2 if said == "before the end" else 1)
    await expect(demo.phone.badge).to_have_count(0)
