"""When a case can be rated, and by what."""

import msgspec
import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import ratings
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.ratings import Rating, RatingReason, RatingSettings

ENDED = 1_700_000_000_000
HOUR = 3_600_000


def case(**more) -> Case:
    return Case(
        id="k_1",
        conversation_id="s_1",
        shop_id="s_tea",
        customer_id="u_wang",
        **{"status": CaseStatus.resolved, "resolved_at": ENDED, "outcome": "resolved", **more},
    )


@pytest.mark.parametrize(
    ("held", "settings", "at", "why"),
    [
        (case(), RatingSettings(), ENDED, ""),
        (case(), RatingSettings(), ENDED + 72 * HOUR, ""),
        (case(), RatingSettings(), ENDED + 72 * HOUR + 1, "too_late"),
        (case(outcome=""), RatingSettings(), ENDED, ""),
        (case(outcome="abandoned"), RatingSettings(), ENDED, "not_asked"),
        (case(outcome="abandoned"), RatingSettings(outcomes=["abandoned"]), ENDED, ""),
        (case(), RatingSettings(on=False), ENDED, "not_asked"),
        (case(status=CaseStatus.waiting), RatingSettings(), ENDED, "not_ended"),
        (case(status=CaseStatus.open), RatingSettings(), ENDED, "not_ended"),
    ],
)
def test_a_case_can_be_rated_within_its_time_after_the_ends_that_are_asked_about(held, settings, at, why):
    assert ratings.why_not(held, settings, at) == why
    assert (ratings.invitation(held, settings, None, at) is None) == bool(why)


def test_who_has_answered_is_not_asked_again_and_may_still_change_it():
    said = Rating(case_id="k_1", stars=2)
    invitation = ratings.invitation(case(), RatingSettings(), said, ENDED)
    assert invitation is not None
    assert invitation.asks is False
    assert invitation.until == ENDED + 72 * HOUR


def test_reasons_are_those_offered_for_these_stars():
    ratings.check_reasons(RatingSettings(), 5, ["fast", "friendly"])
    ratings.check_reasons(RatingSettings(), 1, ["slow"])
    for stars, reason in ((5, "slow"), (1, "fast"), (3, "made_up")):
        with pytest.raises(AppError) as refused:
            ratings.check_reasons(RatingSettings(), stars, [reason])
        assert refused.value.code is ErrorCode.bad_request
    own = RatingSettings(reasons=[RatingReason(id="cold_tea", texts={"zh-CN": "茶凉了"}, most=2)])
    ratings.check_reasons(own, 2, ["cold_tea"])
    with pytest.raises(AppError):
        ratings.check_reasons(own, 1, ["slow"])


def test_every_number_of_stars_has_reasons_to_tap_in_both_languages():
    for stars in range(1, 6):
        fitting = [each for each in ratings.OWN_REASONS if each.least <= stars <= each.most]
        assert fitting
        assert all(each.texts["zh-CN"] and each.texts["en"] for each in fitting)


@pytest.mark.parametrize(
    "reasons",
    [
        [RatingReason(id="a", texts={"en": "A"}, least=4, most=2)],
        [RatingReason(id="a", texts={})],
        [RatingReason(id="a", texts={"en": "  "})],
        [RatingReason(id="a", texts={f"l{n}": "A" for n in range(11)})],
        [RatingReason(id="a", texts={"en": "A"}), RatingReason(id="a", texts={"en": "B"})],
    ],
)
def test_what_no_customer_could_tap_is_refused(reasons):
    with pytest.raises(AppError, match="bad_request"):
        ratings.check_settings(RatingSettings(reasons=reasons))


@pytest.mark.parametrize(
    "more",
    [
        {"stars": 0},
        {"stars": 6},
        {"stars": 4.5},
        {"stars": "5"},
        {"text": "好" * 501},
        {"text": "x" * 100_000},
        {"reasons": ["slow"] * 11},
        {"reasons": ["x" * 33]},
        {"reasons": ["Slow; DROP"]},
    ],
)
def test_what_is_too_much_or_no_rating_is_refused_before_anybody_reads_it(more):
    told = {"type": "rate_case", "id": 1, "case_id": "k_1", "stars": 5, **more}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(told), type=c.RateCase)
