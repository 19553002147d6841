import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.app import open_deployment
from chaguan.core.settings import Settings
from chaguan.openapi.http import create_http
from tests.accounts_stage import (
    PASSWORD,
    accounts,
    clock,
    db,
    make_app,
    owner,
    sandbox,
    token_for,
    vault,
)
from tests.e2e.deployed import Portless
from tests.e2e.test_chat import Town

__all__ = ["accounts", "clock", "db", "make_app", "owner", "sandbox", "token_for", "vault"]


@pytest.fixture
async def client(accounts, clock):
    settings = Settings(name="Tea", trusted_proxies=["10.0.0.0/8"], allowed_origins=["https://shop.example"])
    app = create_http(accounts, settings, clock=clock)
    # Not Litestar's own client: that one runs the app on another loop than the database's.
    transport = ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.77", 4711))
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as found:
        yield found


@pytest.fixture
async def town(tmp_path):
    """A whole deployment."""
    deployment = await open_deployment(Settings(data_dir=str(tmp_path / "data")))
    await deployment.start()
    town = Town(Portless(deployment))
    await town.settle()
    yield town
    await deployment.stop()


class Person:
    """Somebody with a token."""

    def __init__(self, client, signed_in) -> None:
        self.client = client
        self.signed_in = signed_in
        self.headers = {"authorization": f"Bearer {signed_in['access_token']}"}
        self.id = signed_in["user"]["id"]

    async def ask(self, method, path, body=None):
        return await self.client.request(method, path, json=body, headers=self.headers)


@pytest.fixture
async def newcomer(client, accounts):
    """The first administrator over HTTP, signed in with the password that was shown at the first start."""
    first = await accounts.first_start("Tea")
    body = {"email": first.email, "password": first.password, "device_id": "boss-browser"}
    answer = await client.post("/v1/auth/staff", json=body)
    assert answer.status_code == 200, answer.text
    person = Person(client, answer.json())
    person.password = first.password
    person.email = first.email
    return person


@pytest.fixture
async def boss(newcomer):
    """The same with a password of their own, and so with all rights."""
    passwords = {"old_password": newcomer.password, "new_password": PASSWORD}
    changed = await newcomer.ask("POST", "/v1/me/password", passwords)
    assert changed.status_code == 204, changed.text
    newcomer.password = PASSWORD
    return newcomer


@pytest.fixture
def hire(client, boss):
    async def hired(role, email="", device="browser"):
        body = {"email": email or f"{role}@shop.example", "name": role.title(), "role": role}
        link = (await boss.ask("POST", "/v1/admin/staff", body)).json()
        accepted = {"token": link["token"], "name": role.title(), "password": PASSWORD, "device_id": device}
        answer = await client.post("/v1/auth/invite", json=accepted)
        assert answer.status_code == 200, answer.text
        return Person(client, answer.json())

    return hired
