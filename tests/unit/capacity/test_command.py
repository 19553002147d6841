"""The command: figures from a file, an answer for people or programs, one sentence for nonsense."""

import argparse
import json
from pathlib import Path

import pytest

from chaguan.bench.figures import Figure
from chaguan.bench.run import _publish
from chaguan.cli import main

ASKED = ["capacity", "--online", "50000", "--messages-per-day", "1000000", "--groups", "100"]


@pytest.fixture
def figures(tmp_path: Path) -> str:
    found = [
        Figure("process_memory", 95, "MB", machine="a box"),
        Figure("idle_memory", 3.5, "KiB", parameters={"topics": 20}),
        Figure("idle_cpu", 2.4, "µs/s"),
        Figure("connect_storm", 3.3, "s", parameters={"cpu_s": 3.2, "sessions": 10_000}),
        Figure("fanout_unmerged", 91_000, "deliveries per CPU second"),
    ]
    _publish(found, tmp_path / "figures.json", argparse.Namespace(page=None, nodes=None))
    return str(tmp_path / "figures.json")


def test_people_are_told_the_numbers_the_assumptions_and_what_is_missing(
    figures: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASKED, "--figures", figures]) == 0
    told = capsys.readouterr().out
    for wanted in (
        "a box",
        "--peak-factor",
        "--headroom",
        "→",
        "not known",
        "--only cost_growth",
        "--only broker",
    ):
        assert wanted in told


def test_programs_are_told_the_same(figures: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, "--figures", figures, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["groups"]["nodes"]["nodes"]["value"] >= 2
    assert told["demand"]["online"] == 50_000
    assert {"node_cpu", "broker_cpu"} <= {each["cost"] for each in told["missing"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--figures", "/nowhere/figures.json"], "chaguan bench --json"),
        (["--figures", __file__], "is not what"),
        (["--online", "-5"], "--online"),
        (["--measure", "--figures", "x"], "one of them"),
    ],
)
def test_nonsense_is_one_sentence_and_no_traceback(
    arguments: list[str], sentence: str, figures: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASKED, "--figures", figures, *arguments]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.strip().splitlines()) == 1


def test_without_a_demand_it_asks_for_one(figures: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "--figures", figures]) == 2
    assert "--online is needed" in capsys.readouterr().err


def test_the_table_goes_between_the_markers_of_a_page_in_its_language(figures: str, tmp_path: Path) -> None:
    pages = [tmp_path / "capacity.md", tmp_path / "capacity.zh-CN.md"]
    for page in pages:
        page.write_text(
            "above\n<!-- table: made by chaguan capacity -->\nold\n<!-- end of table -->\nbelow\n"
        )
    assert main([*ASKED, "--figures", figures, "--page", str(pages[0]), "--page", str(pages[1])]) == 0
    english, chinese = (page.read_text() for page in pages)
    for text in (english, chinese):
        assert (
            text.startswith("above\n")
            and text.endswith("below\n")
            and "10,000,000" in text
            and "old" not in text
        )
    assert "not measured" in english and "未测量" in chinese


def test_measuring_first_leaves_the_plan_alone_on_the_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bench(options: argparse.Namespace) -> int:
        assert options.quick and options.nodes is None
        print("idle_cpu 2.4 µs/s")
        _publish(
            [Figure("idle_cpu", 2.4, "µs/s", machine="this box")],
            options.json,
            argparse.Namespace(page=None, nodes=None),
        )
        return 1

    monkeypatch.setattr("chaguan.bench.run.run", bench)
    assert main([*ASKED, "--measure", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["measured"]["machine"] == "this box"
    assert "idle_cpu" in printed.err and "could not be measured" in printed.err
