"""The client of WeChat's server API. It holds secrets and session keys, and lets neither into a log or answer."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import Answer, GuardedHttp
from chaguan.platforms.wechat.errors import STALE_TOKEN, vendor_error
from chaguan.platforms.wechat.tokens import Token, TokenSource

WECHAT_BASE_URL = "https://api.weixin.qq.com"

T = TypeVar("T")

_MAX_CODE = 512


class WeChatApp(msgspec.Struct, frozen=True):
    """A mini program's credentials, as its account page shows them."""

    app_id: str
    secret: str

    def __repr__(self) -> str:
        return f"WeChatApp({self.app_id!r})"


class SessionKey:
    """WeChat's per-sign-in key. Not a Struct and not a string, so that nothing serializes or prints it by chance."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """For decrypting what the phone sends. Never store it unsealed, never send it anywhere."""
        return self._text

    def __repr__(self) -> str:
        return "SessionKey(hidden)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a session key does not leave the process")


class WeChatIdentity(msgspec.Struct, frozen=True):
    """Who signed in. `unionid` is empty unless the mini program is bound to an Open Platform account."""

    openid: str
    unionid: str
    session_key: SessionKey


class _Verdict(msgspec.Struct, frozen=True):
    errcode: int = 0
    errmsg: str = ""


class _Session(msgspec.Struct, frozen=True):
    openid: str
    session_key: str
    unionid: str = ""


class _Addresses(msgspec.Struct, frozen=True):
    ip_list: list[str]


class WeChatClient:
    """WeChat's calls for every mini program of the deployment.

    `base_url` is WeChat itself or the sandbox. A call with an access token goes through `call`, which finds,
    renews and replaces the token; new calls are one method each on top of it. Failures are `AppError`s with
    `data.vendor_code` when WeChat answered, and `GuardedHttp`'s when it did not.
    """

    def __init__(self, http: GuardedHttp, base_url: str = WECHAT_BASE_URL, clock: Clock = now_ms) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._tokens: dict[WeChatApp, TokenSource] = {}

    async def code_to_session(self, app: WeChatApp, code: str) -> WeChatIdentity:
        """Exchanges what `wx.login` gave the phone (single use, 5 minutes) for the person's identity.

        `unauthenticated` (reason `code_invalid`, `code_used`): let the phone call `wx.login` again.
        `forbidden` (`user_blocked`): WeChat holds the account for risky. It is never retried here, because a
        code whose answer was lost may be used up.
        """
        if not 0 < len(code) <= _MAX_CODE:
            raise AppError(
                ErrorCode.bad_request, "code must have 1 to 512 characters", reason="code_malformed"
            )
        params = {
            "appid": app.app_id,
            "secret": app.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = await self._http.send("GET", f"{self._base_url}/sns/jscode2session", params=params)
        got = _decode(answer, _Session)
        return WeChatIdentity(got.openid, got.unionid, SessionKey(got.session_key))

    async def check(self, app: WeChatApp) -> int:
        """Whether AppID, secret and allow-list are right: asks for a token and uses it on WeChat's cheapest call.

        Returns how many addresses WeChat says it has.
        """
        return len((await self.call(app, "GET", "/cgi-bin/get_api_domain_ip", _Addresses)).ip_list)

    async def call(
        self,
        app: WeChatApp,
        method: str,
        path: str,
        answer_type: type[T],
        *,
        params: Mapping[str, str] | None = None,
        body: object = msgspec.UNSET,
    ) -> T:
        """A call that needs `access_token`. One that WeChat refuses as stale is repeated once with a new token:
        it was refused before it did anything, so repeating is safe."""
        tokens = self._tokens_of(app)
        token = await tokens.current()
        try:
            return await self._with_token(token, method, path, answer_type, params, body)
        except AppError as error:
            if error.data.get("vendor_code") not in STALE_TOKEN:
                raise
        token = await tokens.replacing(token)
        return await self._with_token(token, method, path, answer_type, params, body)

    async def _with_token(
        self,
        token: str,
        method: str,
        path: str,
        answer_type: type[T],
        params: Mapping[str, str] | None,
        body: object,
    ) -> T:
        # WeChat reads JSON as it stands and shows \\u escapes to people, so it must be plain UTF-8: msgspec's is.
        content = None if body is msgspec.UNSET else msgspec.json.encode(body)
        answer = await self._http.send(
            method,
            self._base_url + path,
            params={**(params or {}), "access_token": token},
            content=content,
            headers={"content-type": "application/json"} if content is not None else None,
        )
        return _decode(answer, answer_type)

    def _tokens_of(self, app: WeChatApp) -> TokenSource:
        """Keyed by the secret too: after a new secret the old one's token is no longer asked for."""
        found = self._tokens.get(app)
        if found is None:
            for other in [known for known in self._tokens if known.app_id == app.app_id]:
                del self._tokens[other]
            found = self._tokens[app] = TokenSource(lambda force: self._fetch_token(app, force), self._clock)
        return found

    async def _fetch_token(self, app: WeChatApp, force: bool) -> Token:
        body = {
            "grant_type": "client_credential",
            "appid": app.app_id,
            "secret": app.secret,
            "force_refresh": force,
        }
        answer = await self._http.send(
            "POST",
            f"{self._base_url}/cgi-bin/stable_token",
            content=msgspec.json.encode(body),
            headers={"content-type": "application/json"},
        )
        return _decode(answer, Token)


def _decode(answer: Answer, answer_type: type[T]) -> T:
    """WeChat answers errors with status 200, and JSON as text/plain: only the body tells."""
    if not answer.is_success:
        raise _strange(answer, "unexpected_status")
    try:
        verdict = msgspec.json.decode(answer.body, type=_Verdict, strict=False)
        if verdict.errcode != 0:
            raise vendor_error(verdict.errcode, verdict.errmsg)
        return msgspec.json.decode(answer.body, type=answer_type)
    except msgspec.DecodeError:
        # From None: the decoder's message may quote what it read, and that can be a session key.
        raise _strange(answer, "unexpected_answer") from None


def _strange(answer: Answer, reason: str) -> AppError:
    return AppError(
        ErrorCode.unavailable,
        f"WeChat: {reason.replace('_', ' ')}",
        vendor="wechat",
        reason=reason,
        status=answer.status,
        retry_after_ms=5_000,
    )
