"""Where a customer is, how often they may be answered, and what follows from a failure."""

import pytest

from chaguan.contact import rules
from chaguan.contact.rules import Contact, Spent, Verdict
from chaguan.core.errors import AppError, ErrorCode
from chaguan.platforms.wechat.errors import vendor_error

NOW = 1_790_000_000_000
HOUR = 3_600_000


def contact(**changes: int) -> Contact:
    made = Contact("s_1", "a_1", "o1", "u_1", "s_shop", 10, 10, 0, NOW, 0)
    return made._replace(**changes)


def test_a_message_allows_five_answers_within_48_hours():
    asked = contact()
    assert rules.budget(asked, Spent(0, 0), NOW) == (5, NOW + 48 * HOUR, "")
    assert rules.budget(asked, Spent(4, 4), NOW + 47 * HOUR) == (1, NOW + 48 * HOUR, "")
    assert rules.budget(asked, Spent(5, 5), NOW) == (0, 0, "over_quota")
    assert rules.budget(asked, Spent(0, 0), NOW + 48 * HOUR) == (0, 0, "window_closed")


def test_entering_allows_two_answers_within_a_minute():
    entered = contact(said_at=0, entered_at=NOW)
    assert rules.budget(entered, Spent(0, 0), NOW) == (2, NOW + 60_000, "")
    assert rules.budget(entered, Spent(9, 2), NOW) == (0, 0, "over_quota")
    assert rules.budget(entered, Spent(0, 0), NOW + 60_000) == (0, 0, "window_closed")


def test_the_two_do_not_add_up():
    both = contact(said_at=NOW - HOUR, entered_at=NOW)
    assert rules.budget(both, Spent(0, 0), NOW).left == 5
    assert rules.budget(both, Spent(5, 0), NOW) == (2, NOW + 60_000, "")
    assert rules.budget(both, Spent(4, 1), NOW).left == 1
    assert rules.budget(both, Spent(7, 2), NOW).reason == "over_quota"


def test_what_wechat_closed_a_newer_sign_opens_again():
    refused = contact(signs=3, closed_signs=3)
    assert rules.budget(refused, Spent(1, 1), NOW) == (0, 0, "over_quota")
    assert rules.budget(refused._replace(signs=4), Spent(1, 1), NOW).left == 4


def test_who_came_by_contact_is_answered_there_until_they_give_a_sign_in_the_app():
    assert rules.spoken_to(contact(), 10, [(11, False), (12, False)]) == ([11, 12], 0)
    assert rules.spoken_to(contact(), 10, [(11, False), (12, True), (13, False)]) == ([11], 12)
    assert rules.spoken_to(contact(app_seq=11), 11, [(12, False)]) == ([], 11)


def test_a_read_mark_beyond_their_last_sign_is_a_sign_in_the_app():
    assert rules.spoken_to(contact(), 11, [(11, False), (12, False)]) == ([], 11)
    assert rules.spoken_to(contact(), 10, [(11, False)]) == ([11], 0)


def test_what_was_said_before_they_came_does_not_go_out():
    assert rules.spoken_to(contact(), 0, [(9, False), (10, False), (11, False)]) == ([11], 0)


def test_a_consumer_that_lags_still_sends_what_lies_between_two_of_their_messages():
    later = contact(began_seq=10, in_seq=14)
    assert rules.spoken_to(later, 14, [(11, False), (13, False)]) == ([11, 13], 0)


@pytest.mark.parametrize(
    ("code", "reason", "closes"),
    [
        (45015, "window_closed", True),
        (45047, "over_quota", True),
        (45002, "too_long", False),
        (48002, "user_refuses", False),
        (40003, "openid_invalid", False),
        (99999, "vendor_error", False),
    ],
)
def test_what_wechat_refuses_for_good_is_neither_charged_nor_tried_again(code, reason, closes):
    verdict = rules.after_failure(vendor_error(code, ""), 1)
    assert verdict == Verdict("not_sent", reason, None, True, closes)


@pytest.mark.parametrize("code", [-1, 45011, 45009, 40001, 40164])
def test_what_may_work_later_is_tried_again_and_ends(code):
    waits = [rules.after_failure(vendor_error(code, ""), attempt) for attempt in range(1, rules.ATTEMPTS + 1)]
    assert [verdict.state for verdict in waits] == ["waiting"] * 5 + ["not_sent"]
    assert all(verdict.is_refunded for verdict in waits)
    pauses = [verdict.retry_in_ms for verdict in waits[:-1]]
    assert pauses == sorted(pauses) and pauses[0] >= 5_000


def test_where_nobody_knows_whether_it_arrived_it_is_said_again_and_charged():
    lost = AppError(ErrorCode.timeout, "", reason="too_slow", retry_after_ms=5_000)
    verdicts = [rules.after_failure(lost, attempt) for attempt in (1, 2, 3)]
    assert [verdict.state for verdict in verdicts] == ["waiting", "waiting", "not_sent"]
    assert {verdict.reason for verdict in verdicts} == {"outcome_unknown"}
    assert not any(verdict.is_refunded for verdict in verdicts)


def test_what_never_left_costs_nothing():
    for reason in ("name_not_found", "address_not_allowed", "tls_failed"):
        error = AppError(ErrorCode.unavailable, "", reason=reason)
        assert rules.after_failure(error, 1) == Verdict("waiting", "unreachable", 5_000, True)
    slow = AppError(ErrorCode.timeout, "", reason="too_slow")
    assert rules.before_sending(slow, 1).is_refunded
    gone = AppError(ErrorCode.not_found, "this media is gone")
    assert rules.before_sending(gone, 1) == Verdict("not_sent", "unsupported", None, True)
