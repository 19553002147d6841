"""What is made of figures: intervals, graphs, files that keep what another run found."""

import statistics
from argparse import Namespace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from chaguan.bench import graph
from chaguan.bench.figures import BEGIN, BEGIN_NODES, END, Figure, into_page
from chaguan.bench.run import _publish, beside
from chaguan.bench.stages import STAGES
from chaguan.bench.stalled import interval

SVG = "{http://www.w3.org/2000/svg}"


def point(rate: float, p50: float, p99: float) -> Figure:
    parameters: dict[str, Any] = {"messages_per_s": rate, "end_to_end_p50_ms": p50, "end_to_end_p99_ms": p99}
    return Figure("latency_load", p99, "ms", 0.4, p99 / 0.4, parameters, "a box", "latency_load")


POINTS = [point(6_000, 150, 220), point(600, 0.7, 5), point(3_000, 2, 20)]


def test_the_interval_is_students_and_not_the_normal_one() -> None:
    low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    assert (low, high) == pytest.approx((3.3341, 7.6659), abs=1e-3)


def test_rounds_that_all_say_the_same_leave_no_doubt_and_wild_ones_do() -> None:
    assert interval([2.0, 2.0, 2.0]) == (2.0, 2.0)
    low, high = interval([-10.0, 10.0])
    assert low < 0 < high


def test_one_round_says_nothing() -> None:
    with pytest.raises(ValueError, match="one difference"):
        interval([1.0])


def test_the_graph_is_drawn_in_the_order_of_the_load_with_more_latency_higher_up() -> None:
    drawing = ElementTree.fromstring(graph.draw(POINTS))
    lines = drawing.findall(f"{SVG}polyline")
    assert len(lines) == 2
    for line in lines:
        places = [tuple(map(float, place.split(","))) for place in line.attrib["points"].split()]
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
        assert all(0 <= x <= graph.WIDTH and 0 <= y <= graph.HEIGHT for x, y in places)


def test_the_graph_tells_its_values_to_who_cannot_see_it_and_has_colours_for_the_dark() -> None:
    text = graph.draw(POINTS)
    drawing = ElementTree.fromstring(text)
    told = drawing.findtext(f"{SVG}desc")
    assert told is not None and "6,000" in told and "220" in told
    assert "prefers-color-scheme: dark" in text


def test_the_labels_of_two_lines_that_end_together_do_not_cover_each_other() -> None:
    drawing = ElementTree.fromstring(graph.draw([point(1, 1, 1), point(2, 100, 101)]))
    heights = [float(each.attrib["y"]) for each in drawing.findall(f"{SVG}text") if "class" in each.attrib][
        1:
    ]
    assert len(heights) == 2
    assert statistics.stdev(heights) * 2**0.5 >= 14


def test_a_run_of_one_stage_keeps_the_figures_of_the_others_in_their_order() -> None:
    earlier = [
        Figure("durable_direct", 1, "messages/s"),
        Figure("idle_memory", 3, "KiB", parameters={"transport": "tls"}),
        Figure("idle_memory", 2, "KiB", parameters={"transport": "plain"}),
        Figure("growth_cpu", 9, "µs/message", stage="cost_growth"),
    ]
    found = [Figure("growth_cpu", 8, "µs/message", stage="cost_growth")]
    assert [each.value for each in beside(earlier, found, STAGES)] == [2, 1, 3, 8]


def test_a_stage_that_is_measured_again_leaves_none_of_its_former_figures() -> None:
    earlier = [Figure("idle_memory", 2, "KiB"), Figure("idle_cpu", 1, "µs/s"), Figure("search_lag", 4, "s")]
    found = [Figure("idle_memory", 5, "KiB", stage="sessions")]
    assert [each.value for each in beside(earlier, found, STAGES)] == [5, 4]


def test_stages_that_need_other_servers_or_long_are_run_on_request_only() -> None:
    from chaguan.bench.run import _chosen

    assert "cost_growth" not in _chosen([], STAGES)
    assert _chosen(["growth_cpu"], STAGES) == ["cost_growth"]
    assert set(_chosen(list(STAGES), STAGES)) == set(STAGES)


def test_a_page_shows_the_graph_where_the_load_was_measured_and_no_broken_picture_where_not(
    tmp_path: Path,
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"a\n{BEGIN}\nold\n{END}\nz\n")
    _publish(POINTS, None, Namespace(json=None, page=page, nodes=None))
    assert "(latency-load.svg)" in page.read_text()
    assert (tmp_path / graph.NAME).read_text().startswith("<svg")
    (tmp_path / graph.NAME).unlink()
    _publish([Figure("idle_cpu", 1, "µs/s")], None, Namespace(json=None, page=page, nodes=None))
    assert "latency-load" not in page.read_text()
    assert not (tmp_path / graph.NAME).exists()


def test_figures_of_several_nodes_have_a_table_of_their_own_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"{BEGIN}\none machine\n{END}\nbetween\n{BEGIN_NODES}\nold\n{END}\nz\n")
    found = [Figure("hot_group", 1, "messages/s", parameters={"nodes": 3})]
    _publish(found, None, Namespace(json=None, page=page, nodes=[]))
    one, _, several = page.read_text().partition("between")
    assert "one machine" in one and "hot_group" not in one
    assert "hot_group" in several and "old" not in several and several.endswith(f"{END}\nz\n")


def test_a_page_without_a_place_for_figures_is_said_and_left_alone() -> None:
    for page in ("words", f"{BEGIN} and no end"):
        with pytest.raises(ValueError, match="no place for figures"):
            into_page(page, POINTS)
