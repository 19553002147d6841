"""Pure decisions about canned replies: what may be written down, and how use counts."""

import re
from collections.abc import Iterable

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.canned import VARIABLES, CannedReply, CannedSpec

HALF_MS = 14 * 86_400_000
"""After so long a use counts half."""
ONE_USE = 1_000
MAX_LANGUAGES = 10
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


def cleaned(spec: CannedSpec) -> CannedSpec:
    """As it is kept, or `bad_request` with `field` and `reason`."""
    shortcut = spec.shortcut.strip().removeprefix("/").lower()
    if (
        not shortcut
        or "/" in shortcut
        or any(sign.isspace() for sign in shortcut)
        or not shortcut.isprintable()
    ):
        raise _bad("shortcut", "field")
    if not spec.title.strip() or not spec.title.isprintable():
        raise _bad("title", "field")
    texts = {language: text.strip() for language, text in spec.texts.items() if text.strip()}
    if len(texts) > MAX_LANGUAGES or not all(_LANGUAGE.match(language) for language in texts):
        raise _bad("texts", "field")
    if not texts and not spec.contents:
        raise _bad("texts", "empty")
    unknown = sorted(unknown_variables(texts.values()))
    if unknown:
        raise _bad("texts", "variable", names=", ".join(unknown))
    return CannedSpec(
        shortcut=shortcut,
        title=spec.title.strip(),
        folder=spec.folder.strip(),
        tags=list(dict.fromkeys(tag.strip() for tag in spec.tags if tag.strip())),
        texts=texts,
        contents=spec.contents,
    )


def unknown_variables(texts: Iterable[str]) -> set[str]:
    named = {name.strip() for text in texts for name in _VARIABLE.findall(text)}
    return named - set(VARIABLES)


def decayed(score: int, since_ms: int) -> int:
    """What uses up to some time ago count now."""
    share: float = 0.5 ** (max(0, since_ms) / HALF_MS)
    return round(score * share)


def used_once_more(score: int, since_ms: int) -> int:
    return decayed(score, since_ms) + ONE_USE


def spec_of(reply: CannedReply) -> CannedSpec:
    return CannedSpec(**{name: getattr(reply, name) for name in CannedSpec.__struct_fields__})


def as_reply(spec: CannedSpec, **of: str | int) -> CannedReply:
    return msgspec.convert({**msgspec.structs.asdict(spec), **of}, CannedReply, from_attributes=True)


def _bad(field: str, reason: str, **data: str) -> AppError:
    return AppError(ErrorCode.bad_request, "can't be a canned reply", field=field, reason=reason, **data)
