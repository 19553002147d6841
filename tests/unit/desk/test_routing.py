"""The router by example: which queue, which agent, and why."""

import pytest

from chaguan.desk.routing import Facts, Queued, choose_queue, loop_of, plan, serves, why_waiting
from chaguan.protocol.desk import Agent, AgentState, Queue, QueueMatch, Reason, Strategy


def queue(id: str, **more: object) -> Queue:
    return Queue(id=id, shop_id="s", name=id, **more)  # type: ignore[arg-type]


def agent(id: str, load: int = 0, capacity: int = 3, **more: object) -> Agent:
    values = {"state": AgentState.online, **more}
    return Agent(user_id=id, load=load, capacity=capacity, **values)  # type: ignore[arg-type]


def waiting(*ids: str, queue_id: str = "q", **more: object) -> list[Queued]:
    return [
        Queued(case_id=id, queue_id=queue_id, queued_at=at, **more)  # type: ignore[arg-type]
        for at, id in enumerate(ids, 1)
    ]


def given(decided: object) -> list[tuple[str, str]]:
    return [(each.case_id, each.agent_id) for each in decided]  # type: ignore[attr-defined]


RULES = [
    queue("english", position=0, match=QueueMatch(languages=["en"])),
    queue("gold", position=1, match=QueueMatch(vip_levels=[3, 4])),
    queue("web", position=2, match=QueueMatch(apps=["a_web"], pages=["/shop/", "/sale"])),
    queue("teapots", position=3, match=QueueMatch(categories=["teapot"])),
    queue("rest", position=4),
]


@pytest.mark.parametrize(
    ("facts", "chosen", "by"),
    [
        (Facts(language="en-GB", vip_level=4), "english", ["language"]),
        (Facts(language="zh-CN", vip_level=4), "gold", ["vip_level"]),
        (Facts(app_id="a_web", page="/sale/today"), "web", ["app", "page"]),
        (Facts(app_id="a_web", page="/about"), "rest", None),
        (Facts(category="teapot"), "teapots", ["category"]),
        (Facts(), "rest", None),
    ],
)
def test_the_first_rule_that_fits_takes_the_case_and_says_by_what(facts, chosen, by):
    found, reason = choose_queue(list(reversed(RULES)), facts)
    assert found is not None
    assert found.id == chosen
    assert reason.code == ("rule" if by else "default")
    assert reason.data.get("by") == by


def test_without_a_queue_for_it_a_case_waits_for_whoever_picks_it():
    assert choose_queue(RULES[:1], Facts(language="fr")) == (None, Reason("no_queue"))
    assert choose_queue([], Facts()) == (None, Reason("no_queue"))


def test_a_language_that_is_not_known_fits_no_rule_about_languages():
    found, _ = choose_queue(RULES[:1], Facts(language=""))
    assert found is None


def test_who_has_the_least_to_do_gets_the_next():
    decided = plan([queue("q")], [agent("mei", 2), agent("lin", 1)], waiting("a", "b", "c"), 100)
    assert given(decided) == [("a", "lin"), ("b", "mei"), ("c", "lin")]
    assert decided[0].reason == Reason("least_loaded", {"queue_id": "q", "load": 1, "of": 3, "among": 2})


def test_round_robin_gives_to_who_got_none_for_the_longest_time():
    people = [agent("mei", 2, assigned_at=5), agent("lin", 0, assigned_at=9), agent("bo", 1, assigned_at=7)]
    decided = plan([queue("q", strategy=Strategy.round_robin)], people, waiting("a", "b", "c"), 100)
    assert given(decided) == [("a", "mei"), ("b", "bo"), ("c", "lin")]


def test_weighted_fills_agents_in_proportion_to_their_capacity():
    people = [agent("new", capacity=2), agent("old", capacity=6)]
    decided = plan([queue("q", strategy=Strategy.weighted)], people, waiting(*"abcdefgh"), 100)
    first = [each.agent_id for each in decided[:4]]
    assert (first.count("new"), first.count("old")) == (1, 3)
    assert len(decided) == 8


def test_the_last_agent_comes_first_and_else_the_least_loaded():
    people = [agent("mei", 2), agent("lin", 0)]
    last = queue("q", strategy=Strategy.last_agent)
    (back,) = plan([last], people, waiting("a", last_agent_id="mei"), 100)
    assert (back.agent_id, back.reason.code) == ("mei", "last_agent")
    people[0].load = 3
    (other,) = plan([last], people, waiting("a", last_agent_id="mei"), 100)
    assert (other.agent_id, other.reason.code) == ("lin", "least_loaded")


def test_a_manual_queue_gives_nothing_to_anybody():
    manual = queue("q", strategy=Strategy.manual)
    assert plan([manual], [agent("mei")], waiting("a"), 100) == []
    assert why_waiting(manual, [agent("mei")]).code == "manual"


@pytest.mark.parametrize("state", [AgentState.busy, AgentState.away, AgentState.offline])
def test_only_who_is_online_is_given_cases(state):
    people = [agent("mei", state=state)]
    assert plan([queue("q")], people, waiting("a"), 100) == []
    assert why_waiting(queue("q"), people) == Reason("nobody_online", {"serve": 1})


def test_a_heavy_case_needs_that_much_room():
    heavy = queue("q", weight=2)
    assert plan([heavy], [agent("mei", 2, capacity=3)], waiting("a"), 100) == []
    assert given(plan([heavy], [agent("mei", 1, capacity=3)], waiting("a", "b"), 100)) == [("a", "mei")]


def test_an_urgent_queue_goes_before_one_that_waits_longer():
    queues = [queue("q"), queue("u", urgency=1)]
    cases = [*waiting("a"), Queued(case_id="z", queue_id="u", queued_at=50)]
    assert given(plan(queues, [agent("mei", capacity=1)], cases, 100)) == [("z", "mei")]


def test_who_passed_a_case_on_does_not_get_it_back_and_holds_up_nobody():
    cases = [*waiting("a", avoid_id="mei"), Queued(case_id="b", queue_id="q", queued_at=9)]
    assert given(plan([queue("q")], [agent("mei", capacity=1)], cases, 100)) == [("b", "mei")]


def test_skills_languages_and_names_say_who_serves_a_queue():
    asks = queue("q", skills=["returns"], match=QueueMatch(languages=["en"]))
    assert serves(agent("mei", skills=["returns", "tea"], languages=["zh", "en-GB"]), asks)
    assert not serves(agent("mei", skills=["tea"], languages=["en"]), asks)
    assert not serves(agent("mei", skills=["returns"], languages=["zh"]), asks)
    assert serves(agent("mei"), queue("q", agents=["mei"], skills=["returns"]))
    assert not serves(agent("lin", skills=["returns"]), queue("q", agents=["mei"], skills=["returns"]))
    assert why_waiting(asks, [agent("mei")]).code == "nobody_serves"


def test_a_plan_is_no_longer_than_asked_and_changes_nothing_that_it_was_given():
    people = [agent("mei", capacity=100)]
    assert len(plan([queue("q")], people, waiting(*map(str, range(100))), 100, most=10)) == 10
    assert people[0].load == 0


def test_queues_that_overflow_in_a_circle_are_found():
    def to(id: str, other: str) -> Queue:
        return queue(id, overflow_after_s=60, overflow_to=other)

    assert loop_of([to("a", "b"), to("b", "c"), queue("c")]) == []
    assert loop_of([to("a", "b"), to("b", "c"), to("c", "b")]) != []
    assert loop_of([to("a", "a")]) == ["a"]
    assert loop_of([to("a", "gone")]) == []
