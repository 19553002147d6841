"""Pictures on their way in, from WeChat into media, and out, from media or a card to WeChat."""

import asyncio

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.infra.http import GuardedHttp
from chaguan.media import ORIGINAL, THUMB, Kind, Media, MediaContent, spool
from chaguan.platforms.wechat import PushMessage, WeChatApp, WeChatClient
from chaguan.protocol.content import Content, Custom

FETCH_S = 15.0
SENT_BYTES = 10 * 1024 * 1024
"""WeChat's limit for a picture of the chat."""
COVER_BYTES = 2 * 1024 * 1024
_TOO_BIG = 40009
_LOST = Custom(
    "wechat.picture_lost", {}, "[图片] 未能从微信取得这张图片。This picture could not be fetched from WeChat."
)


class Pictures:
    def __init__(
        self,
        accounts: Accounts,
        media: Media,
        client: WeChatClient,
        http: GuardedHttp,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._media = media
        self._client = client
        self._http = http
        self._limits = limits
        self._clock = clock

    async def take_in(self, caller: Caller, app_id: str, message: PushMessage, *, is_last: bool) -> Content:
        """The picture as content that is ready to be stored. What is no picture, or can't be had at the last attempt,
        leaves a line that says so: a customer who sent something must not go unseen."""
        try:
            data = await self._fetch(app_id, message)
            with spool() as source:
                await asyncio.to_thread(source.write, data)
                taken = await self._media.upload(caller, Kind.image, "", source)
            return await self._media.attach(caller, taken)
        except AppError as error:
            if error.code in (ErrorCode.bad_request, ErrorCode.too_large) or is_last:
                return _LOST
            raise

    async def _fetch(self, app_id: str, message: PushMessage) -> bytes:
        """By its public address, else by its id; both hold for three days."""
        limit = self._limits.image
        try:
            answer = await self._http.send("GET", message.pic_url, timeout_s=FETCH_S, max_bytes=limit)
            if answer.is_success and answer.body:
                return answer.body
        except AppError:
            if not message.media_id:
                raise
        app = (await self._accounts.known_apps.get(app_id, self._clock())).wechat
        if app is None:
            raise AppError(ErrorCode.not_found, "the app has no WeChat credentials any more")
        return await self._client.fetch_media(app, message.media_id, limit)

    async def send_out(self, app: WeChatApp, media_id: str) -> str:
        """A picture of the conversation; returns WeChat's id of it. One that WeChat finds too big goes as a thumbnail."""
        try:
            found = await self._read(media_id, ORIGINAL)
            if found is not None:
                return await self._client.upload_image(app, *found)
        except AppError as error:
            if error.data.get("vendor_code") != _TOO_BIG:
                raise
        small = await self._read(media_id, THUMB)
        if small is None:
            raise AppError(ErrorCode.too_large, "too big for WeChat", reason="too_large")
        return await self._client.upload_image(app, *small)

    async def send_cover(self, app: WeChatApp, url: str) -> str:
        """A card's picture, from the business's own address."""
        answer = await self._http.send("GET", url, timeout_s=FETCH_S, max_bytes=COVER_BYTES)
        mime = answer.headers.get("content-type", "").partition(";")[0].strip()
        if not answer.is_success or mime not in ("image/jpeg", "image/png", "image/gif"):
            raise AppError(ErrorCode.unavailable, "no picture there", reason="picture_unavailable")
        return await self._client.upload_image(app, answer.body, mime)

    def link(self, content: MediaContent) -> str:
        return self._media.link(content.media_id)

    async def _read(self, media_id: str, variant: str) -> tuple[bytes, str] | None:
        """None when it is too big to be sent."""
        delivery = await self._media.load(media_id, variant)
        if delivery.blob.size > SENT_BYTES:
            return None
        return b"".join([part async for part in delivery.blob.read()]), delivery.mime
