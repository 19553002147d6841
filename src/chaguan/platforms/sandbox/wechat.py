"""WeChat's server as its pages describe it: codes, tokens, quotas, error codes. In memory, bounded, no HTTP.

Written from the vendor's pages of `auth.code2Session`, `getStableAccessToken` and the table of return codes.
Where they are silent it says "assumed".
"""

import hashlib
import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from chaguan.core.clock import Clock, now_ms

CODE_LIFE_MS = 5 * 60_000
TOKEN_LIFE_S = 7200
RENEW_BEFORE_MS = 5 * 60_000
FORCE_APART_MS = 30_000
FORCED_PER_DAY = 20
LOGINS_PER_MINUTE = 100  # of one person
TOKENS_PER_MINUTE = 10_000
TOKENS_PER_DAY = 500_000

_MAX_KEPT = 10_000
_MINUTE_MS = 60_000
_DAY_MS = 24 * 3_600_000

_MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    43002: "require POST method",
    44001: "empty media data",
    44003: "empty news data",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "typing needs an interaction within 30 seconds",
    45081: "typing already",
    47001: "data format error",
}


class VendorError(Exception):
    """What WeChat answers, with HTTP status 200, instead of a result."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode

    def body(self) -> dict[str, object]:
        rid = "-".join(secrets.token_hex(4) for _ in range(3))
        return {
            "errcode": self.errcode,
            "errmsg": f"{_MESSAGES.get(self.errcode, 'sandbox fault')}, rid: {rid}",
        }


class Session(msgspec.Struct, omit_defaults=True):
    session_key: str
    openid: str
    unionid: str = ""


class AccessToken(msgspec.Struct):
    access_token: str
    expires_in: int


class _Code(msgspec.Struct):
    app_id: str
    phone_id: str
    made_at: int
    used: bool = False


class _Issued(msgspec.Struct):
    text: str
    expires_at: int


class _Counter:
    """How often something happened in the current window, for at most so many keys."""

    def __init__(self, window_ms: int, limit: int) -> None:
        self._window_ms = window_ms
        self._limit = limit
        self._seen: OrderedDict[tuple[str, int], int] = OrderedDict()

    def count(self, key: str, now: int) -> bool:
        slot = (key, now // self._window_ms)
        self._seen[slot] = self._seen.get(slot, 0) + 1
        self._seen.move_to_end(slot)
        if len(self._seen) > _MAX_KEPT:
            self._seen.popitem(last=False)
        return self._seen[slot] <= self._limit


class SandboxWeChat:
    """`apps` maps AppIDs to secrets. The same `seed` gives the same openids and unionids after a restart;
    codes, tokens and session keys are random. `bound` is whether the apps share an Open Platform account."""

    def __init__(
        self, apps: Mapping[str, str], seed: str = "chaguan", clock: Clock = now_ms, bound: bool = True
    ) -> None:
        self._apps = dict(apps)
        self._seed = seed.encode()
        self._clock = clock
        self._bound = bound
        self._codes: OrderedDict[str, _Code] = OrderedDict()
        self._tokens: dict[str, list[_Issued]] = {}
        self._forced_at: dict[str, int] = {}
        self._logins = _Counter(_MINUTE_MS, LOGINS_PER_MINUTE)
        self._minute = _Counter(_MINUTE_MS, TOKENS_PER_MINUTE)
        self._day = _Counter(_DAY_MS, TOKENS_PER_DAY)
        self._forced = _Counter(_DAY_MS, FORCED_PER_DAY)

    def learn(self, app_id: str, secret: str | None) -> None:
        """Know an app, by its present secret; None: it is gone."""
        if secret:
            self._apps[app_id] = secret
        else:
            self._apps.pop(app_id, None)

    def knows(self, app_id: str) -> bool:
        return app_id in self._apps

    def login(self, app_id: str, phone_id: str) -> str:
        """What `wx.login` gives the mini program on this phone: a fresh code. It leaves older codes usable."""
        if app_id not in self._apps:
            raise VendorError(40013)
        code = "0" + secrets.token_urlsafe(24)[:31]
        self._codes[code] = _Code(app_id, phone_id, self._clock())
        if len(self._codes) > _MAX_KEPT:
            self._codes.popitem(last=False)
        return code

    def openid(self, app_id: str, phone_id: str) -> str:
        return "o" + self._derived("openid", app_id, phone_id)[:27]

    def unionid(self, phone_id: str) -> str:
        return "o" + self._derived("unionid", phone_id)[:27]

    def code_to_session(self, app_id: str, secret: str, code: str, grant_type: str) -> Session:
        self._check_app(app_id, secret)
        if not code:
            raise VendorError(41008)
        if grant_type != "authorization_code":
            raise VendorError(40002)
        known = self._codes.get(code)
        if known is None or known.app_id != app_id or self._clock() - known.made_at >= CODE_LIFE_MS:
            raise VendorError(40029)
        if known.used:
            raise VendorError(40163)
        openid = self.openid(app_id, known.phone_id)
        if not self._logins.count(openid, self._clock()):
            raise VendorError(45011)
        known.used = True
        session_key = b64encode(secrets.token_bytes(16)).decode()
        return Session(session_key, openid, self.unionid(known.phone_id) if self._bound else "")

    def stable_token(self, app_id: str, secret: str, grant_type: str, force: bool) -> AccessToken:
        """Normal mode repeats the current token until 5 minutes before its end, then gives the next; both work
        meanwhile. Forcing ends the current one at once, but within 30 s of the last time it changes nothing.
        Assumed: the 21st forced call of a day gets 45009."""
        self._check_app(app_id, secret)
        if grant_type != "client_credential":
            raise VendorError(40002)
        now = self._clock()
        if not self._day.count(app_id, now):
            raise VendorError(45009)
        if not self._minute.count(app_id, now):
            raise VendorError(45011)
        live = [token for token in self._tokens.get(app_id, []) if token.expires_at > now]
        if force and now - self._forced_at.get(app_id, -FORCE_APART_MS) >= FORCE_APART_MS:
            if not self._forced.count(app_id, now):
                raise VendorError(45009)
            self._forced_at[app_id] = now
            live = []
        if not live or live[-1].expires_at - now <= RENEW_BEFORE_MS:
            live.append(_Issued(secrets.token_urlsafe(102), now + TOKEN_LIFE_S * 1000))
        self._tokens[app_id] = live[-2:]
        return AccessToken(live[-1].text, (live[-1].expires_at - now) // 1000)

    def check_token(self, text: str) -> str:
        """The AppID whose access token this is: the start of every call that needs one."""
        if not text:
            raise VendorError(41001)
        now = self._clock()
        for app_id, issued in self._tokens.items():
            for token in issued:
                if hmac.compare_digest(token.text.encode(), text.encode()):
                    if token.expires_at <= now:
                        raise VendorError(42001)
                    return app_id
        raise VendorError(40001)

    def _check_app(self, app_id: str, secret: str) -> None:
        if not app_id:
            raise VendorError(41002)
        if not secret:
            raise VendorError(41004)
        if app_id not in self._apps:
            raise VendorError(40013)
        if not hmac.compare_digest(self._apps[app_id].encode(), secret.encode()):
            raise VendorError(40125)

    def _derived(self, *parts: str) -> str:
        digest = hmac.digest(self._seed, "\x00".join(parts).encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).decode()
