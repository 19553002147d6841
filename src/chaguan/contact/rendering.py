"""A message of the conversation in the few shapes that WeChat's chat knows: text, picture, link, page."""

from chaguan.contact.pictures import Pictures
from chaguan.core.errors import AppError
from chaguan.platforms.wechat import WeChatApp, contact
from chaguan.platforms.wechat.contact import ContactMessage
from chaguan.protocol.content import (
    Card,
    Content,
    Custom,
    File,
    Image,
    Location,
    Merged,
    Text,
    Video,
    Voice,
)

_VOICE, _VIDEO = "语音 Voice", "视频 Video"


class Rendering:
    """`public_url` is where phones reach this deployment; without it no link can lead here."""

    def __init__(self, pictures: Pictures, public_url: str) -> None:
        self._pictures = pictures
        self._public_url = public_url.rstrip("/")

    async def render(self, app: WeChatApp, content: Content) -> ContactMessage | None:
        """None for what can't be shown there. Pictures are handed to WeChat on the way."""
        match content:
            case Text(text):
                return contact.text(text)
            case Image():
                return contact.image(await self._pictures.send_out(app, content.media_id))
            case Card():
                return await self._card(app, content)
            case File():
                return self._link(content.name or "文件 File", content)
            case Voice():
                return self._link(_VOICE, content)
            case Video():
                return self._link(_VIDEO, content)
            case Location():
                place = " ".join(part for part in (content.name, content.address) if part)
                return contact.text(f"📍 {place or f'{content.latitude:.5f}, {content.longitude:.5f}'}")
            case Custom() | Merged():
                return contact.text(content.fallback)
        return None

    async def _card(self, app: WeChatApp, card: Card) -> ContactMessage:
        if card.page and card.picture.startswith("https://"):
            try:
                cover = await self._pictures.send_cover(app, card.picture)
                return contact.page(card.title, card.page.lstrip("/"), cover)
            except AppError:
                pass  # without its picture a page can't be shown; its words can
        url = next((action.url for action in card.actions if action.url), "")
        if url:
            picture = card.picture if card.picture.startswith("https://") else ""
            return contact.link(card.title, _words(card, with_title=False), url, picture)
        return contact.text(card.fallback or _words(card, with_title=True))

    def _link(self, title: str, content: File | Voice | Video) -> ContactMessage | None:
        """A signed link, which ends after 12 to 24 hours."""
        if not self._public_url:
            return None
        return contact.link(title, "", self._public_url + self._pictures.link(content))


def _words(card: Card, *, with_title: bool) -> str:
    lines = [f"{line.label}：{line.value}" if line.label else line.value for line in card.lines]
    return "\n".join([*([card.title] if with_title else []), *lines])
