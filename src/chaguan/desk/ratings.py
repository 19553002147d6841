"""Who may be asked what they think of a case, and what they may answer. Pure."""

from collections.abc import Sequence

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.ratings import Rating, RatingInvitation, RatingReason, RatingSettings

MAX_LANGUAGES = 10


def _reason(id: str, zh: str, en: str, least: int, most: int) -> RatingReason:
    return RatingReason(id=id, texts={"zh-CN": zh, "en": en}, least=least, most=most)


OWN_REASONS = (
    _reason("solved", "问题解决了", "Problem solved", 4, 5),
    _reason("fast", "回复很快", "Quick replies", 4, 5),
    _reason("friendly", "态度亲切", "Friendly", 4, 5),
    _reason("expert", "很专业", "Knew the answer", 4, 5),
    _reason("unsolved", "问题没解决", "Not solved", 1, 3),
    _reason("slow", "回复太慢", "Slow replies", 1, 3),
    _reason("unfriendly", "态度不好", "Unfriendly", 1, 3),
    _reason("unclear", "没说清楚", "Hard to understand", 1, 3),
)
"""What a shop offers that has settled nothing of its own."""


def reasons_of(settings: RatingSettings) -> list[RatingReason]:
    return list(settings.reasons or OWN_REASONS)


def why_not(case: Case, settings: RatingSettings, at: int) -> str:
    """Why this case can't be rated now; empty: it can."""
    if case.status is not CaseStatus.resolved:
        return "not_ended"
    # A node of before did not say how a case ended; then an agent ended it.
    if not settings.on or (case.outcome or "resolved") not in settings.outcomes:
        return "not_asked"
    return "too_late" if at > until(case, settings) else ""


def until(case: Case, settings: RatingSettings) -> int:
    return case.resolved_at + settings.window_s * 1000


def invitation(
    case: Case, settings: RatingSettings, answered: Rating | None, at: int
) -> RatingInvitation | None:
    if why_not(case, settings, at):
        return None
    return RatingInvitation(
        case_id=case.id,
        until=until(case, settings),
        asks=answered is None,
        reasons=reasons_of(settings),
    )


def check_may_rate(case: Case, settings: RatingSettings, at: int) -> None:
    why = why_not(case, settings, at)
    if why:
        raise AppError(ErrorCode.conflict, "can't be rated", reason=why)


def check_reasons(settings: RatingSettings, stars: int, reasons: Sequence[str]) -> None:
    offered = {each.id for each in reasons_of(settings) if each.least <= stars <= each.most}
    for id in reasons:
        if id not in offered:
            raise AppError(ErrorCode.bad_request, "not offered for these stars", field="reasons", value=id)


def check_settings(settings: RatingSettings) -> None:
    """`bad_request` for what no customer could tap."""
    for each in settings.reasons:
        if each.least > each.most:
            raise AppError(ErrorCode.bad_request, "from fewer stars to more", field="ratings", value=each.id)
        is_said = any(text.strip() for text in each.texts.values())
        if not is_said or len(each.texts) > MAX_LANGUAGES:
            raise AppError(ErrorCode.bad_request, "a reason has words", field="ratings", value=each.id)
    if len({each.id for each in settings.reasons}) < len(settings.reasons):
        raise AppError(ErrorCode.bad_request, "a reason stands there once", field="ratings")
