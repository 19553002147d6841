"""The client of WeChat's server API. It holds secrets and session keys, and lets neither into a log or answer."""

import secrets
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import msgspec

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import Answer, GuardedHttp
from chaguan.platforms.wechat.contact import ContactMessage
from chaguan.platforms.wechat.errors import STALE_TOKEN, vendor_error
from chaguan.platforms.wechat.tokens import Token, TokenSource

WECHAT_BASE_URL = "https://api.weixin.qq.com"

T = TypeVar("T")

UPLOAD_S = 20.0
"""For files, which are larger than anything else that is said to WeChat."""

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


class _Uploaded(msgspec.Struct, frozen=True):
    media_id: str


class _Form(NamedTuple):
    """A body that is no JSON."""

    kind: str
    content: bytes


class _Call(NamedTuple):
    method: str
    url: str
    params: dict[str, str]
    body: object
    timeout_s: float | None
    max_bytes: int | None


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

    async def send_contact(self, app: WeChatApp, openid: str, message: ContactMessage) -> None:
        """Says something in the customer-service chat of WeChat. Refusals by their `data.reason`: `window_closed`
        (45015), `over_quota` (45047), `too_long`, `media_invalid`, `user_refuses`, `openid_invalid`. Nothing tells
        WeChat that a message is the same as one before: what is sent twice is shown twice."""
        body = {"touser": openid, **msgspec.to_builtins(message)}
        await self.call(app, "POST", "/cgi-bin/message/custom/send", _Verdict, body=body)

    async def show_typing(self, app: WeChatApp, openid: str) -> None:
        """Shows for some seconds that somebody is writing. `conflict` where WeChat does not show it now."""
        body = {"touser": openid, "command": "Typing"}
        await self.call(app, "POST", "/cgi-bin/message/custom/typing", _Verdict, body=body)

    async def upload_image(self, app: WeChatApp, image: bytes, mime: str) -> str:
        """Hands a picture to WeChat, which keeps it for three days; returns its `media_id`."""
        boundary = secrets.token_hex(16)
        name = f"picture.{mime.rpartition('/')[2]}"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n'
        head += f"Content-Type: {mime}\r\n\r\n"
        body = _Form(
            f"multipart/form-data; boundary={boundary}",
            head.encode() + image + f"\r\n--{boundary}--\r\n".encode(),
        )
        params = {"type": "image"}
        uploaded = await self.call(
            app, "POST", "/cgi-bin/media/upload", _Uploaded, params=params, body=body, timeout_s=UPLOAD_S
        )
        return uploaded.media_id

    async def fetch_media(self, app: WeChatApp, media_id: str, max_bytes: int) -> bytes:
        """The file that a customer sent, within three days. `bad_request` (`media_invalid`) when it is gone."""
        return await self.call(
            app,
            "GET",
            "/cgi-bin/media/get",
            bytes,
            params={"media_id": media_id},
            timeout_s=UPLOAD_S,
            max_bytes=max_bytes,
        )

    async def call(
        self,
        app: WeChatApp,
        method: str,
        path: str,
        answer_type: type[T],
        *,
        params: Mapping[str, str] | None = None,
        body: object = msgspec.UNSET,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
    ) -> T:
        """A call that needs `access_token`. One that WeChat refuses as stale is repeated once with a new token:
        it was refused before it did anything, so repeating is safe. `bytes` as `answer_type`: a file."""
        call = _Call(method, self._base_url + path, dict(params or {}), body, timeout_s, max_bytes)
        tokens = self._tokens_of(app)
        token = await tokens.current()
        try:
            return await self._with_token(token, call, answer_type)
        except AppError as error:
            if error.data.get("vendor_code") not in STALE_TOKEN:
                raise
        token = await tokens.replacing(token)
        return await self._with_token(token, call, answer_type)

    async def _with_token(self, token: str, call: _Call, answer_type: type[T]) -> T:
        # WeChat reads JSON as it stands and shows \\u escapes to people, so it must be plain UTF-8: msgspec's is.
        if isinstance(call.body, _Form):
            content: bytes | None = call.body.content
            kind = call.body.kind
        else:
            content = None if call.body is msgspec.UNSET else msgspec.json.encode(call.body)
            kind = "application/json"
        answer = await self._http.send(
            call.method,
            call.url,
            params={**call.params, "access_token": token},
            content=content,
            headers={"content-type": kind} if content is not None else None,
            timeout_s=call.timeout_s,
            max_bytes=call.max_bytes,
        )
        return _file(answer) if answer_type is bytes else _decode(answer, answer_type)  # type: ignore[return-value]

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


def _file(answer: Answer) -> bytes:
    """A file has the type that it is of; an error is JSON, as everywhere."""
    if not answer.is_success:
        raise _strange(answer, "unexpected_status")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/json", "text/plain"):
        _decode(answer, _Verdict)
        raise _strange(answer, "unexpected_answer")  # such as the link that stands for a video
    return answer.body


def _strange(answer: Answer, reason: str) -> AppError:
    return AppError(
        ErrorCode.unavailable,
        f"WeChat: {reason.replace('_', ' ')}",
        vendor="wechat",
        reason=reason,
        status=answer.status,
        retry_after_ms=5_000,
    )
