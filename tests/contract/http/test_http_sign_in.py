import asyncio
import base64

import pytest

from chaguan.accounts.totp import STEP_MS, totp_code
from tests.accounts_stage import PASSWORD


def error_of(answer):
    return answer.json()["error"]


def reason_of(answer):
    return error_of(answer)["data"].get("reason")


def sign_in(client, email, password, device="laptop", **more):
    body = {"email": email, "password": password, "device_id": device, **more}
    return client.post("/v1/auth/staff", json=body)


def bearer(signed_in):
    return {"authorization": f"Bearer {signed_in['access_token']}"}


def code_at(secret, clock):
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return totp_code(raw, clock() // STEP_MS)


async def set_up_totp(person, clock):
    made = (await person.ask("POST", "/v1/me/totp", {})).json()
    confirmed = await person.ask("POST", "/v1/me/totp/confirm", {"code": code_at(made["secret"], clock)})
    assert confirmed.status_code == 204
    clock.pass_ms(STEP_MS)
    return made


async def test_the_first_administrator_signs_in_and_is_asked_for_a_new_password(client, newcomer, accounts):
    assert newcomer.signed_in["role"] == "owner"
    assert newcomer.signed_in["must_change_password"] is True
    assert await accounts.first_start("Tea") is None
    changed = await newcomer.ask(
        "POST", "/v1/me/password", {"old_password": newcomer.password, "new_password": PASSWORD}
    )
    assert changed.status_code == 204
    again = (await sign_in(client, newcomer.email, PASSWORD)).json()
    assert again["must_change_password"] is False


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/admin/staff", None),
        ("POST", "/v1/admin/staff", {"email": "eve@shop.example", "name": "Eve", "role": "owner"}),
        ("GET", "/v1/admin/shops", None),
        ("POST", "/v1/admin/keys", {"name": "k", "scopes": ["messages:read"]}),
        ("PATCH", "/v1/me", {"name": "Eve"}),
        ("POST", "/v1/me/totp", {}),
        ("GET", "/v1/me/devices", None),
    ],
)
async def test_who_must_change_their_password_can_do_nothing_else(newcomer, method, path, body):
    refused = await newcomer.ask(method, path, body)
    assert refused.status_code == 403, refused.text
    error = refused.json()["error"]
    assert (error["code"], error["data"]["reason"]) == ("forbidden", "must_change_password")
    assert "password" in error["detail"]


async def test_who_must_change_their_password_learns_who_they_are_and_may_sign_out(newcomer):
    assert (await newcomer.ask("GET", "/v1/me")).json()["must_change_password"] is True
    assert (await newcomer.ask("POST", "/v1/auth/sign_out")).status_code == 204


async def test_the_changed_password_opens_everything_for_the_same_token(newcomer, boss):
    assert (await boss.ask("GET", "/v1/admin/staff")).status_code == 200
    assert (await boss.ask("GET", "/v1/me")).json()["must_change_password"] is False


async def test_a_refreshed_token_is_no_way_round_the_change_of_the_password(client, newcomer):
    body = {"refresh_token": newcomer.signed_in["refresh_token"], "device_id": "boss-browser"}
    renewed = (await client.post("/v1/auth/refresh", json=body)).json()
    assert renewed["must_change_password"] is True
    headers = {"authorization": f"Bearer {renewed['access_token']}"}
    assert (await client.get("/v1/admin/staff", headers=headers)).status_code == 403


async def test_email_ignores_case_and_blanks(client, hire):
    await hire("agent", "Mei@Shop.example")
    assert (await sign_in(client, "  mei@SHOP.example ", PASSWORD)).status_code == 200


async def test_a_wrong_password_and_an_account_that_does_not_exist_answer_the_same(client, hire):
    await hire("agent")
    wrong = await sign_in(client, "agent@shop.example", "not the password")
    nobody = await sign_in(client, "nobody@shop.example", "not the password")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()
    assert reason_of(wrong) == "credentials"


async def test_an_invited_account_has_no_password_to_guess(client, boss):
    body = {"email": "new@shop.example", "name": "New", "role": "agent"}
    await boss.ask("POST", "/v1/admin/staff", body)
    for password in ("", "nobody has this password", "None"):
        assert reason_of(await sign_in(client, "new@shop.example", password)) == "credentials"


async def test_guesses_at_one_account_are_slowed_down_whatever_address_they_come_from(client, hire, clock):
    await hire("agent")
    statuses = []
    for n in range(8):
        headers = {"x-forwarded-for": f"203.0.113.{n}"}
        body = {"email": "agent@shop.example", "password": f"guess number {n}", "device_id": "d"}
        statuses.append((await client.post("/v1/auth/staff", json=body, headers=headers)).status_code)
    assert statuses == [401] * 5 + [429] * 3
    right = await sign_in(client, "agent@shop.example", PASSWORD)
    assert right.status_code == 429
    clock.pass_ms(error_of(right)["data"]["retry_after_ms"])
    assert (await sign_in(client, "agent@shop.example", PASSWORD)).status_code == 200


async def test_strangers_who_guess_do_not_lock_the_owner_out_on_a_device_known_to_be_theirs(
    client, hire, clock
):
    await hire("agent")
    before = (await sign_in(client, "agent@shop.example", PASSWORD, device="mine")).json()
    clock.pass_ms(2 * 3_600_000)  # the kept token has expired
    for n in range(6):
        await sign_in(client, "agent@shop.example", f"guess {n}")
    kept = {"kept_token": before["access_token"]}
    forged = {"kept_token": before["access_token"][:-1] + "_"}
    assert (await sign_in(client, "agent@shop.example", PASSWORD, device="mine")).status_code == 429
    assert (await sign_in(client, "agent@shop.example", PASSWORD, device="mine", **forged)).status_code == 429
    assert (await sign_in(client, "agent@shop.example", PASSWORD, device="other", **kept)).status_code == 429
    assert (await sign_in(client, "agent@shop.example", PASSWORD, device="mine", **kept)).status_code == 200


async def test_a_kept_token_buys_no_more_than_a_devices_own_guesses_and_none_at_other_accounts(
    client, hire, boss
):
    await hire("agent")
    mine = (await sign_in(client, "agent@shop.example", PASSWORD, device="mine")).json()
    kept = {"device": "mine", "kept_token": mine["access_token"]}
    guesses = [await sign_in(client, "agent@shop.example", f"guess {n}", **kept) for n in range(7)]
    assert [guess.status_code for guess in guesses] == [401] * 5 + [429] * 2
    at_boss = [await sign_in(client, "admin@localhost", f"guess {n}", **kept) for n in range(7)]
    assert at_boss[-1].status_code == 429
    assert (await sign_in(client, "admin@localhost", boss.password)).status_code == 429  # one budget, not two


async def test_guesses_sent_at_once_are_all_counted(client, hire):
    await hire("agent")
    answers = await asyncio.gather(*(sign_in(client, "agent@shop.example", f"guess {n}") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_one_address_cannot_try_many_accounts(client, clock, hire):
    statuses = []
    for n in range(40):
        statuses.append((await sign_in(client, f"person{n}@shop.example", "a password")).status_code)
    assert statuses == [401] * 30 + [429] * 10


async def test_a_restart_does_not_forget_the_guesses(client, hire, db, vault, sandbox, clock):
    from chaguan.accounts import Visitor, open_accounts
    from chaguan.accounts.passwords import Passwords
    from chaguan.core.errors import AppError

    await hire("agent")
    for n in range(5):
        await sign_in(client, "agent@shop.example", f"guess {n}")
    restarted = await open_accounts(
        db, vault, sandbox, clock=clock, passwords=Passwords(time_cost=1, memory_kib=64)
    )
    with pytest.raises(AppError) as caught:
        await restarted.sign_in.staff(Visitor("198.51.100.1", "d"), "agent@shop.example", PASSWORD)
    assert caught.value.code == "rate_limited"


@pytest.mark.parametrize(
    "email", ["' OR '1'='1", "a@b' OR 1=1 --", "admin@localhost\x00", "a" * 250 + "@b.example", "@", "a@"]
)
async def test_addresses_that_are_none_open_nothing(client, boss, email):
    answer = await sign_in(client, email, boss.password)
    assert answer.status_code in (400, 401)


async def test_a_second_factor_is_asked_for_and_no_code_works_twice(client, hire, clock):
    person = await hire("agent")
    made = await set_up_totp(person, clock)
    assert "otpauth://totp/" in made["otpauth_url"]
    assert reason_of(await sign_in(client, "agent@shop.example", PASSWORD)) == "totp_required"
    assert reason_of(await sign_in(client, "agent@shop.example", PASSWORD, totp="000000")) == "totp_wrong"
    code = code_at(made["secret"], clock)
    assert (await sign_in(client, "agent@shop.example", PASSWORD, totp=code)).status_code == 200
    assert reason_of(await sign_in(client, "agent@shop.example", PASSWORD, totp=code)) == "totp_wrong"


async def test_two_sign_ins_at_once_cannot_share_a_code(client, hire, clock):
    made = await set_up_totp(await hire("agent"), clock)
    code = code_at(made["secret"], clock)
    answers = await asyncio.gather(
        *(sign_in(client, "agent@shop.example", PASSWORD, f"d{n}", totp=code) for n in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]


async def test_a_recovery_code_works_once(client, hire, clock):
    person = await hire("agent")
    made = await set_up_totp(person, clock)
    code = made["recovery_codes"][0]
    assert (await sign_in(client, "agent@shop.example", PASSWORD, totp=code.upper())).status_code == 200
    assert reason_of(await sign_in(client, "agent@shop.example", PASSWORD, totp=code)) == "totp_wrong"
    assert (await person.ask("GET", "/v1/me")).json()["recovery_codes_left"] == 9


async def test_a_second_factor_is_in_force_only_once_confirmed_and_removed_only_with_the_password(
    client, hire, clock
):
    person = await hire("agent")
    made = (await person.ask("POST", "/v1/me/totp", {})).json()
    wrong = await person.ask("POST", "/v1/me/totp/confirm", {"code": "000000"})
    assert (wrong.status_code, reason_of(wrong)) == (400, "totp_wrong")
    assert (await sign_in(client, "agent@shop.example", PASSWORD)).status_code == 200
    await person.ask("POST", "/v1/me/totp/confirm", {"code": code_at(made["secret"], clock)})
    assert (await person.ask("POST", "/v1/me/totp", {})).status_code == 409
    refused = await person.ask("DELETE", "/v1/me/totp", {"password": "not my password"})
    assert (refused.status_code, reason_of(refused)) == (403, "password_wrong")
    assert (await person.ask("DELETE", "/v1/me/totp", {"password": PASSWORD})).status_code == 204
    assert (await sign_in(client, "agent@shop.example", PASSWORD)).status_code == 200


async def test_a_refresh_gives_the_next_pair_and_the_old_one_a_minute_for_a_lost_answer(client, hire, clock):
    person = await hire("agent", device="phone")
    first = person.signed_in["refresh_token"]

    async def refresh(token, device="phone"):
        return await client.post("/v1/auth/refresh", json={"refresh_token": token, "device_id": device})

    second = (await refresh(first)).json()
    assert second["role"] == "agent"
    assert (await refresh(first)).json()["refresh_token"] == second["refresh_token"]
    me = await client.get("/v1/me", headers=bearer(second))
    assert me.status_code == 200


async def test_a_refresh_token_seen_again_signs_the_device_out(client, accounts, hire, clock):
    told = []
    accounts.authenticator.on_signed_out = lambda *args: told.append(args)
    person = await hire("agent", device="phone")
    first = person.signed_in["refresh_token"]
    body = {"refresh_token": first, "device_id": "phone"}
    second = (await client.post("/v1/auth/refresh", json=body)).json()
    clock.pass_ms(61_000)
    stolen = await client.post("/v1/auth/refresh", json=body)
    assert (stolen.status_code, reason_of(stolen)) == (401, "refresh_reused")
    assert (person.id, "phone", "revoked") in told
    assert (await client.get("/v1/me", headers=bearer(second))).status_code == 401
    body = {"refresh_token": second["refresh_token"], "device_id": "phone"}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 401


async def test_a_refresh_token_is_good_on_its_own_device_only(client, hire):
    person = await hire("agent", device="phone")
    body = {"refresh_token": person.signed_in["refresh_token"], "device_id": "thief"}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 401


async def test_an_access_token_is_good_on_its_own_device_only_and_for_an_hour(client, hire, clock):
    person = await hire("agent", device="phone")
    stolen = await client.get("/v1/me", headers={**person.headers, "x-device-id": "thief"})
    assert stolen.status_code == 401
    assert (await person.ask("GET", "/v1/me")).status_code == 200
    clock.pass_ms(3_600_000)
    assert reason_of(await person.ask("GET", "/v1/me")) == "token_expired"


async def test_signing_out_ends_both_tokens(client, accounts, hire):
    told = []
    accounts.authenticator.on_signed_out = lambda *args: told.append(args)
    person = await hire("agent", device="phone")
    assert (await person.ask("POST", "/v1/auth/sign_out")).status_code == 204
    assert (await person.ask("GET", "/v1/me")).status_code == 401
    body = {"refresh_token": person.signed_in["refresh_token"], "device_id": "phone"}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 401
    assert told[-1] == (person.id, "phone", "revoked")


async def test_an_old_access_token_does_not_revive_when_the_device_signs_in_again(client, hire):
    person = await hire("agent", device="phone")
    await person.ask("POST", "/v1/auth/sign_out")
    assert (await sign_in(client, "agent@shop.example", PASSWORD, "phone")).status_code == 200
    assert (await person.ask("GET", "/v1/me")).status_code == 401


async def test_a_new_password_signs_out_the_other_devices_and_not_this_one(client, accounts, hire):
    person = await hire("agent", device="phone")
    other = (await sign_in(client, "agent@shop.example", PASSWORD, "laptop")).json()
    told = []
    accounts.authenticator.on_signed_out = lambda *args: told.append(args)
    body = {"old_password": PASSWORD, "new_password": "another good one"}
    assert (await person.ask("POST", "/v1/me/password", body)).status_code == 204
    assert (await person.ask("GET", "/v1/me")).status_code == 200
    assert (await client.get("/v1/me", headers=bearer(other))).status_code == 401
    assert told == [(person.id, "laptop", "password_changed")]
    assert reason_of(await sign_in(client, "agent@shop.example", PASSWORD)) == "credentials"


async def test_a_stolen_session_cannot_guess_the_password(client, hire):
    person = await hire("agent")
    statuses = []
    for n in range(7):
        body = {"old_password": f"guess number {n}", "new_password": "another good one"}
        statuses.append((await person.ask("POST", "/v1/me/password", body)).status_code)
    assert statuses == [403] * 5 + [429] * 2


async def test_my_devices_are_listed_and_one_can_be_signed_out(client, hire):
    person = await hire("agent", device="phone")
    other = (await sign_in(client, "agent@shop.example", PASSWORD, "laptop", device_name="Firefox")).json()
    devices = (await person.ask("GET", "/v1/me/devices")).json()["devices"]
    assert {device["id"]: device.get("current", False) for device in devices} == {
        "phone": True,
        "laptop": False,
    }
    assert "Firefox" in [device["name"] for device in devices]
    assert (await person.ask("DELETE", "/v1/me/devices/laptop")).status_code == 204
    assert (await client.get("/v1/me", headers=bearer(other))).status_code == 401
    assert (await person.ask("DELETE", "/v1/me/devices/laptop")).status_code == 404


async def test_nobody_changes_more_of_themselves_than_name_and_picture(client, hire):
    person = await hire("agent")
    body = {
        "name": "梅",
        "role": "owner",
        "email": "x@y.example",
        "totp_enabled": True,
        "user": {"id": "u_x"},
    }
    changed = (await person.ask("PATCH", "/v1/me", body)).json()
    assert changed["user"]["name"] == "梅"
    assert (changed["role"], changed["email"], changed["user"]["id"]) == (
        "agent",
        "agent@shop.example",
        person.id,
    )


@pytest.mark.parametrize("avatar", ["javascript:alert(1)", "data:image/svg+xml,x", "//evil.example/x", "x y"])
async def test_a_picture_is_a_link_and_nothing_else(hire, avatar):
    person = await hire("agent")
    assert (await person.ask("PATCH", "/v1/me", {"avatar": avatar})).status_code == 400


async def test_a_customer_has_no_staff_account(client, make_app, token_for):
    headers = {"authorization": f"Bearer {token_for(await make_app(), 'c')}", "x-device-id": "phone"}
    assert (await client.get("/v1/me", headers=headers)).status_code == 403
    assert (await client.post("/v1/me/totp", headers=headers)).status_code == 403
    devices = await client.get("/v1/me/devices", headers=headers)
    assert [device["id"] for device in devices.json()["devices"]] == ["phone"]
