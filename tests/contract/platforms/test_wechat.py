"""The client against the sandbox over real HTTP: what runs here is what runs against WeChat, but for the address."""

import asyncio
import logging
import pickle
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import uvicorn

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import GuardedHttp
from chaguan.platforms.sandbox import SandboxWeChat, sandbox_app
from chaguan.platforms.wechat import WeChatApp, WeChatClient, WeChatIdentity

APP = WeChatApp("wx1234567890abcdef", "0123456789abcdef0123456789abcdef")


class Running:
    """The sandbox on a loopback port, a client of it, and a plain client for the phone's side."""

    def __init__(self, base_url: str, http: GuardedHttp, sandbox: SandboxWeChat) -> None:
        self.base_url = base_url
        self.http = http
        self.sandbox = sandbox
        self.client = WeChatClient(http, base_url)

    async def post(self, path: str, body: object) -> dict[str, object]:
        answer = await self.http.send("POST", self.base_url + path, content=msgspec.json.encode(body))
        return msgspec.json.decode(answer.body, type=dict[str, object])

    async def code(self, phone_id: str = "phone-1") -> str:
        got = await self.post("/phone/login", {"appid": APP.app_id, "phone_id": phone_id})
        assert got["errMsg"] == "login:ok"
        return str(got["code"])

    async def fault(self, endpoint: str, **what: int) -> None:
        assert (await self.post("/faults", {"endpoint": endpoint, **what}))["endpoint"] == endpoint

    async def sign_in_refusal(self, app: WeChatApp = APP, code: str | None = None) -> AppError:
        with pytest.raises(AppError) as caught:
            await self.client.code_to_session(app, await self.code() if code is None else code)
        return caught.value


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    sandbox = SandboxWeChat({APP.app_id: APP.secret})
    server = uvicorn.Server(
        uvicorn.Config(
            sandbox_app(sandbox), ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    http = GuardedHttp(allow=["127.0.0.0/8"], timeout_s=5)
    try:
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}/sandbox/wechat", http, sandbox)
    finally:
        await http.close()
        server.should_exit = True
        await serving
        listener.close()


async def test_a_phone_signs_in_and_is_the_same_person_next_time(running: Running) -> None:
    first = await running.client.code_to_session(APP, await running.code())
    again = await running.client.code_to_session(APP, await running.code())
    other = await running.client.code_to_session(APP, await running.code("phone-2"))
    assert (first.openid, first.unionid) == (again.openid, again.unionid)
    assert first.openid != other.openid and first.unionid != other.unionid


async def test_a_code_is_good_once(running: Running) -> None:
    code = await running.code()
    await running.client.code_to_session(APP, code)
    error = await running.sign_in_refusal(code=code)
    assert (error.code, error.data["vendor_code"]) == (ErrorCode.unauthenticated, 40163)
    assert error.data["vendor_request"]


@pytest.mark.parametrize("code", ["made-up", "a&secret=b", "茶", "0" * 512])
async def test_a_made_up_code_is_refused(running: Running, code: str) -> None:
    error = await running.sign_in_refusal(code=code)
    assert (error.code, error.data["vendor_code"]) == (ErrorCode.unauthenticated, 40029)


@pytest.mark.parametrize("code", ["", "0" * 513])
async def test_a_malformed_code_does_not_reach_wechat(running: Running, code: str) -> None:
    await running.fault("jscode2session", errcode=-1, times=1)
    assert (await running.sign_in_refusal(code=code)).code is ErrorCode.bad_request


async def test_a_wrong_secret_or_appid_is_the_operators_matter(running: Running) -> None:
    for app, vendor_code in ((WeChatApp(APP.app_id, "x"), 40125), (WeChatApp("wx0", "x"), 40013)):
        error = await running.sign_in_refusal(app)
        assert (error.code, error.data["reason"]) == (ErrorCode.unavailable, "misconfigured")
        assert error.data["vendor_code"] == vendor_code
        with pytest.raises(AppError) as caught:
            await running.client.check(app)
        assert caught.value.data["vendor_code"] == vendor_code


@pytest.mark.parametrize(
    ("errcode", "code"),
    [
        (-1, ErrorCode.unavailable),
        (45011, ErrorCode.rate_limited),
        (40226, ErrorCode.forbidden),
        (40029, ErrorCode.unauthenticated),
    ],
)
async def test_the_vendors_refusals_arrive_as_ours_and_pass(
    running: Running, errcode: int, code: ErrorCode
) -> None:
    await running.fault("jscode2session", errcode=errcode)
    phone_code = await running.code()
    error = await running.sign_in_refusal(code=phone_code)
    assert (error.code, error.data["vendor_code"]) == (code, errcode)
    assert (await running.client.code_to_session(APP, phone_code)).openid


async def test_a_vendor_that_is_too_slow_is_a_timeout(running: Running) -> None:
    await running.fault("jscode2session", delay_ms=2_000)
    http = GuardedHttp(allow=["127.0.0.0/8"], timeout_s=0.2)
    with pytest.raises(AppError) as caught:
        await WeChatClient(http, running.base_url).code_to_session(APP, await running.code())
    await http.close()
    assert caught.value.code is ErrorCode.timeout
    assert caught.value.data["retry_after_ms"]


async def test_many_calls_at_once_share_one_token(running: Running) -> None:
    await running.fault("stable_token", delay_ms=50)
    asked: list[str] = []
    issue = running.sandbox.stable_token

    def counted(app_id: str, *rest: Any) -> Any:
        asked.append(app_id)
        return issue(app_id, *rest)

    running.sandbox.stable_token = counted  # type: ignore[method-assign]
    assert await asyncio.gather(*(running.client.check(APP) for _ in range(20))) == [1] * 20
    assert asked == [APP.app_id]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_call_refused_for_its_token_is_repeated_once_with_another(
    running: Running, errcode: int
) -> None:
    assert await running.client.check(APP) == 1
    await running.fault("get_api_domain_ip", errcode=errcode, times=1)
    assert await running.client.check(APP) == 1
    await running.fault("get_api_domain_ip", errcode=errcode, times=2)
    with pytest.raises(AppError) as caught:
        await running.client.check(APP)
    assert caught.value.data["vendor_code"] == errcode


async def test_a_token_that_someone_else_forced_out_is_replaced(running: Running) -> None:
    assert await running.client.check(APP) == 1
    running.sandbox.stable_token(APP.app_id, APP.secret, "client_credential", True)
    assert await running.client.check(APP) == 1


async def test_a_new_secret_replaces_what_was_kept_for_the_old_one(running: Running) -> None:
    with pytest.raises(AppError):
        await running.client.check(WeChatApp(APP.app_id, "old"))
    assert await running.client.check(APP) == 1
    assert list(running.client._tokens) == [APP]


async def test_an_error_that_is_not_about_the_token_is_not_repeated(running: Running) -> None:
    await running.fault("get_api_domain_ip", errcode=-1, times=1)
    with pytest.raises(AppError):
        await running.client.check(APP)
    assert await running.client.check(APP) == 1


async def test_no_secret_enters_a_log_an_error_or_a_repr(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # the sandbox's side may log its own requests
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    code = await running.code()
    identity = await running.client.code_to_session(APP, code)
    await running.client.check(APP)
    error = await running.sign_in_refusal(code=code)
    said = f"{caplog.text} {error} {error.data} {identity!r} {APP!r}"
    for secret in (APP.secret, code, identity.session_key.reveal()):
        assert secret not in said


async def test_a_session_key_can_be_neither_serialized_nor_pickled(running: Running) -> None:
    identity: WeChatIdentity = await running.client.code_to_session(APP, await running.code())
    with pytest.raises(TypeError):
        msgspec.json.encode(identity)
    with pytest.raises(TypeError):
        pickle.dumps(identity)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/phone/login", b"{", 400),
        ("/phone/login", b'{"appid": "wx0", "phone_id": "p"}', 400),
        ("/phone/login", b'{"appid": "", "phone_id": "p"}', 400),
        ("/faults", b'{"endpoint": "nope"}', 400),
        ("/faults", b'{"endpoint": "stable_token", "delay_ms": 99999999}', 400),
        ("/cgi-bin/stable_token", b"x" * 100_000, 413),
        ("/elsewhere", b"", 404),
    ],
)
async def test_the_sandbox_refuses_what_is_malformed(
    running: Running, path: str, body: bytes, status: int
) -> None:
    answer = await running.http.send("POST", running.base_url + path, content=body)
    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "body", "errcode"),
    [("POST", b"not json", 47001), ("POST", b"{}", 41002), ("GET", None, 43002)],
)
async def test_the_token_call_answers_errors_with_status_200_like_the_vendor(
    running: Running, method: str, body: bytes | None, errcode: int
) -> None:
    answer = await running.http.send(method, running.base_url + "/cgi-bin/stable_token", content=body)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body)["errcode"] == errcode


async def test_a_client_that_may_not_use_loopback_does_not_reach_the_sandbox(
    running: Running,
) -> None:
    strict = GuardedHttp()
    with pytest.raises(AppError) as caught:
        await WeChatClient(strict, running.base_url).code_to_session(APP, "x")
    await strict.close()
    assert caught.value.code is ErrorCode.forbidden
