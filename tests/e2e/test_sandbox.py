"""`sandbox = true` without `--demo`: an integrator's own deployment with a stand-in for WeChat's servers."""

import pytest

from chaguan.core.settings import ConfigError, load
from chaguan.demo import PASSWORD
from tests.e2e.process import Served
from tests.e2e.server import Client

WECHAT_APP = {"kind": "wechat", "name": "小程序", "wechat_appid": "wx0123", "wechat_secret": "of-their-own"}


@pytest.fixture
async def served(tmp_path):
    config = tmp_path / "chaguan.toml"
    config.write_text("sandbox = true\n")
    served = Served(tmp_path / "data", "--config", str(config))
    try:
        yield await (await served.start()).set_up()
    finally:
        served.stop()


async def test_a_phone_of_the_sandbox_signs_in_to_an_app_made_a_moment_ago(served):
    assert "THE WECHAT SANDBOX IS ON" in served.log
    phone = {"appid": "wx0123", "phone_id": "mei"}
    assert (await served.http("POST", "/sandbox/wechat/phone/login", phone))[0] == 400
    shop = (await served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    app = await served.ask("POST", "/v1/admin/apps", {"shop_id": shop, **WECHAT_APP})

    async def sign_in() -> tuple[int, dict]:
        _, login = await served.http("POST", "/sandbox/wechat/phone/login", phone)
        body = {"app_id": app["id"], "code": login.get("code", "none"), "device_id": "d_mei"}
        return await served.http("POST", "/v1/auth/wechat", body)

    status, signed_in = await sign_in()
    assert status == 200, signed_in
    client = await Client.connect(served.url)
    await client.hello(signed_in["access_token"], "d_mei")
    assert (await client.ask("open_service"))["view"]["conversation"]["id"]
    await client.close()

    await served.ask("PATCH", f"/v1/admin/apps/{app['id']}", {"wechat_secret": "another"})
    status, again = await sign_in()
    assert status == 200 and again["user"]["id"] == signed_in["user"]["id"]
    assert (await served.http("GET", "/demo/config.json"))[0] == 404


async def test_without_it_there_is_no_sandbox_to_reach(tmp_path):
    served = Served(tmp_path / "data")
    try:
        await served.start()
        phone = {"appid": "wx0123", "phone_id": "mei"}
        assert (await served.http("POST", "/sandbox/wechat/phone/login", phone))[0] in (404, 405)
    finally:
        served.stop()


@pytest.mark.parametrize(
    "line",
    [
        'public_url = "https://im.example.com"',
        'trusted_proxies = ["10.0.0.1"]',
        'tls_certificate = "a.pem"\ntls_key = "b.pem"',
        '[wechat]\nbase_url = "https://elsewhere.example"',
    ],
)
def test_a_configuration_that_looks_like_production_refuses_it(tmp_path, line):
    config = tmp_path / "chaguan.toml"
    config.write_text(f"sandbox = true\n{line}\n")
    with pytest.raises(ConfigError, match="sandbox"):
        load(config)


async def test_a_demo_that_moved_to_another_port_still_finds_the_merchants_server(tmp_path):
    for _ in range(2):  # each at a port of its own
        served = Served(tmp_path / "data", "--demo")
        try:
            await served.start()
            agent = {"email": "lin@tea.example", "password": PASSWORD, "device_id": "d_lin"}
            served.owner_token = (await served.ask("POST", "/v1/auth/staff", agent))["access_token"]
            (shop,) = (await served.ask("GET", "/v1/admin/shops"))["shops"]
            assert shop["context_url"] == f"http://127.0.0.1:{served.port + 1}/context"
        finally:
            served.stop()
