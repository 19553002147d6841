"""The life of a staff account in the console: invited, signed in, given a second factor, signed out, disabled."""

import uuid

from playwright.async_api import Page, expect

from tests.e2e.console.office import OWNER, PASSWORD, Office, code_of, knock, visit
from tests.e2e.demo.stage import SERVER_GONE

REFUSED = r"the server responded with a status of 4\d\d"
"""What Chromium itself writes of a refused request."""


def row_of(page: Page, name: str):
    return page.locator("tbody tr").filter(has_text=name)


async def act_on(page: Page, name: str, act: str) -> None:
    await row_of(page, name).get_by_role("button", name="更多").click()
    await page.get_by_role("menuitem", name=act, exact=True).click()


async def shown_link(page: Page) -> str:
    field = page.get_by_role("dialog").locator("input[readonly]")
    await expect(field).to_be_visible()
    link = await field.input_value()
    await page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
    return link


async def follow(office: Office, link: str, *, name: str = "") -> Page:
    page = await office.page(link)
    if name:
        await page.get_by_label("你的名字").fill(name)
    fields = page.locator("input[autocomplete=new-password]")
    await expect(fields).to_have_count(2)
    for field in await fields.all():
        await field.fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await expect(page.locator(".rail")).to_be_visible()
    return page


async def test_who_is_invited_joins_in_another_browser_and_signs_in_again(office: Office) -> None:
    boss = await office.owner()
    email = f"{uuid.uuid4().hex[:6]}@shop.example"
    await visit(boss, "/admin/staff")
    await boss.get_by_role("button", name="邀请员工").click()
    dialog = boss.get_by_role("dialog")
    await dialog.get_by_label("名称").fill("新来的")
    await dialog.get_by_label("邮箱").fill(email)
    await dialog.get_by_role("button", name="生成邀请链接").click()
    link = await shown_link(boss)

    joined = await follow(office, link, name="新来的")
    await expect(joined.get_by_role("tab", name="等待中")).to_be_visible()
    await office.sign_in(await office.page(), email)

    office.faults.allowed.append(REFUSED)
    late = await office.page(link)
    await expect(late.get_by_text("链接已失效")).to_be_visible()


async def test_who_is_disabled_is_out_at_once_and_is_told_why(office: Office) -> None:
    office.faults.allowed += [REFUSED, SERVER_GONE]
    boss = await office.owner()
    email = await office.hire("将走")
    leaving = await office.sign_in(await office.page(), email)
    await visit(boss, "/admin/staff")
    await act_on(boss, "将走", "停用")
    await boss.get_by_role("dialog").get_by_role("button", name="停用").click()
    await expect(row_of(boss, "将走").get_by_text("已停用")).to_be_visible()
    await expect(leaving.get_by_text("这个账号已被停用。")).to_be_visible()
    await knock(leaving, email, PASSWORD)
    await expect(leaving.get_by_text("这个账号已停用，请联系管理员")).to_be_visible()


async def test_a_reset_link_sets_a_new_password_and_the_old_one_is_over(office: Office) -> None:
    office.faults.allowed += [REFUSED, SERVER_GONE]
    boss = await office.owner()
    email = await office.hire("忘了")
    before = await office.sign_in(await office.page(), email)
    await visit(boss, "/admin/staff")
    await act_on(boss, "忘了", "重设密码链接")
    page = await office.page(await shown_link(boss))
    fields = page.locator("input[autocomplete=new-password]")
    await expect(fields).to_have_count(2)
    for field in await fields.all():
        await field.fill("a-brand-new-password-7")
    await page.locator("button[type=submit]").click()
    await expect(page.locator(".rail")).to_be_visible()
    await expect(before.get_by_text("密码已更改，请用新密码登录。")).to_be_visible()
    await knock(before, email, PASSWORD)
    await expect(before.get_by_text("邮箱或密码不对")).to_be_visible()
    await office.sign_in(before, email, "a-brand-new-password-7")


async def test_a_second_factor_is_set_up_and_asked_for_at_the_next_sign_in(office: Office) -> None:
    office.faults.allowed.append(REFUSED)
    email = await office.hire("谨慎")
    page = await office.sign_in(await office.page(), email)
    await visit(page, "/me")
    await page.get_by_role("button", name="开启两步验证").click()
    secret = await page.locator(".set-up input[readonly]").input_value()
    await page.locator(".set-up input[autocomplete=one-time-code]").fill(code_of(secret))
    await page.get_by_role("button", name="确定", exact=True).click()
    await expect(page.locator(".codes")).to_be_hidden()

    again = await office.page()
    await knock(again, email, PASSWORD)
    field = again.locator("input[name=totp]")
    await field.fill("000000")
    await again.locator("button[type=submit]").click()
    await expect(again.get_by_text("验证码不对")).to_be_visible()
    # A code is good once, so this is the one after it.
    await field.fill(code_of(secret, 1))
    await again.locator("button[type=submit]").click()
    await expect(again.locator(".rail")).to_be_visible()


async def test_a_revoked_device_is_signed_out_and_says_why(office: Office) -> None:
    office.faults.allowed += [REFUSED, SERVER_GONE]
    email = await office.hire("两台")
    here = await office.sign_in(await office.page(), email)
    there = await office.sign_in(await office.page(), email)
    await visit(here, "/me")
    await expect(here.get_by_text("当前设备")).to_be_visible()
    others = here.locator("li").filter(has=here.get_by_role("button", name="退出登录"))
    await expect(others.first).to_be_visible()
    await others.first.get_by_role("button", name="退出登录").click()
    await here.get_by_role("dialog").get_by_role("button", name="退出登录").click()
    await expect(there.get_by_text("这台设备被管理员或你本人移除了")).to_be_visible()
    await expect(here.locator(".rail")).to_be_visible()


async def test_a_session_that_expired_says_so_and_leads_back(office: Office) -> None:
    office.faults.allowed += [REFUSED, SERVER_GONE]
    page = await office.seat("久别")
    await visit(page, "/me")
    await page.evaluate(
        """() => {
          const session = JSON.parse(localStorage.getItem('chaguan.session'))
          localStorage.setItem('chaguan.session', JSON.stringify({
            ...session, access_token: 'ca_old', refresh_token: 'cr_old', expires_at: 1,
          }))
        }"""
    )
    await page.reload()
    await expect(page.get_by_text("登录已过期，请重新登录。")).to_be_visible()


async def test_a_wrong_password_and_too_many_of_them_are_told_apart(office: Office) -> None:
    office.faults.allowed.append(REFUSED)
    page = await office.page()
    email = await office.hire("试错")
    for _ in range(5):
        await knock(page, email, "not the password")
        await expect(page.get_by_text("邮箱或密码不对")).to_be_visible()
        await expect(page.locator("button[type=submit]")).to_be_enabled()
    await knock(page, email, "not the password")
    await expect(page.get_by_text("尝试次数太多")).to_be_visible()
    await expect(page.locator("button[type=submit]")).to_be_disabled()


async def test_who_got_a_password_from_somebody_changes_it_before_anything_else(office: Office) -> None:
    page = await office.owner()
    # As after the first start: the server says so with the answer to signing in.
    await page.evaluate(
        """() => {
          const session = JSON.parse(localStorage.getItem('chaguan.session'))
          localStorage.setItem('chaguan.session', JSON.stringify({...session, must_change_password: true}))
        }"""
    )
    await page.reload()
    await expect(page.get_by_text("先换一个密码")).to_be_visible()
    await visit(page, "/admin/staff")
    await expect(page.get_by_text("先换一个密码")).to_be_visible()
    assert OWNER not in await page.locator("body").inner_text()
