"""The text that Prometheus reads, and what may stand in it."""

import re

from chaguan.core.figures import Histogram
from chaguan.metrics import Family, Sample, merged, text
from chaguan.metrics.catalogue import CATALOGUE
from chaguan.metrics.exposition import histogram


def test_a_histogram_is_cumulative_and_ends_with_everything() -> None:
    figures = Histogram((1, 2))
    for value in (0.5, 1, 1.5, 9):
        figures.observe(value)
    page = text([Family("h", "histogram", "x", histogram(figures))])
    assert page == (
        '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="2"} 3\nh_bucket{le="+Inf"} 4\n'
        "h_sum 12\nh_count 4\n"
    )


def test_a_label_cannot_break_out_of_its_line() -> None:
    page = text([Family("c", "counter", "x", [Sample({"route": 'a"} 1\nevil{b="\\'}, 2)])])
    assert page.splitlines()[2:] == ['c{route="a\\"} 1\\nevil{b=\\"\\\\"} 2']


def test_processes_are_told_apart_and_a_family_is_announced_once() -> None:
    def of(value: float) -> list[Family]:
        return [Family("s", "gauge", "x", [Sample({"a": "b"}, value)])]

    page = text(merged({"0": of(1), "1": of(2.5)}))
    assert page == '# HELP s x\n# TYPE s gauge\ns{worker="0",a="b"} 1\ns{worker="1",a="b"} 2.5\n'


def test_names_are_as_prometheus_wants_them_and_stand_once() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert re.fullmatch(r"(chaguan|process)_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.help.endswith(".")
