"""A quick run's stages go on with one server: what is handed on, and what must not be."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaguan.bench.sizes import QUICK
from chaguan.bench.stages import Bench
from chaguan.bench.world import World


class FakeRunning:
    def __init__(self, log: list[str]) -> None:
        self._log = log

    @contextlib.contextmanager
    def clients(self, count: int) -> Iterator[Any]:
        self._log.append(f"{count} people")
        try:
            yield object()
        finally:
            self._log.append("people gone")


class FakeBench(Bench):
    """Starts nothing, and notes what it would have started and ended."""

    def __init__(self, folder: Path, keeps_server: bool) -> None:
        super().__init__(folder, World("", "", "", [], [], [], "", ""), QUICK, print, keeps_server)
        self.log: list[str] = []

    @contextlib.contextmanager
    def server(self, transport: str = "plain") -> Iterator[Any]:
        self.end_kept()
        self.log.append("server")
        try:
            yield FakeRunning(self.log)
        finally:
            self.log.append("server gone")


START, END = ["server", "20 people"], ["people gone", "server gone"]


def test_the_next_stage_of_a_quick_run_finds_the_server_and_the_people_of_the_one_before(
    tmp_path: Path,
) -> None:
    bench = FakeBench(tmp_path, keeps_server=True)
    with bench.peopled(20) as first:
        pass
    with bench.peopled(20) as second:
        assert second == first
    assert bench.log == START
    bench.end_kept()
    bench.end_kept()
    assert bench.log == START + END


def test_a_full_run_has_a_fresh_server_for_each_stage(tmp_path: Path) -> None:
    bench = FakeBench(tmp_path, keeps_server=False)
    for _ in range(2):
        with bench.peopled(20):
            pass
    assert bench.log == 2 * (START + END)


def test_a_stage_that_fails_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    bench = FakeBench(tmp_path, keeps_server=True)
    with bench.peopled(20):
        pass
    with pytest.raises(RuntimeError), bench.peopled(20):
        raise RuntimeError("lost")
    assert bench.log == START + END
    with bench.peopled(20):
        pass
    assert bench.log == START + END + START


def test_who_needs_other_people_or_other_data_never_meets_the_server_that_was_kept(tmp_path: Path) -> None:
    bench = FakeBench(tmp_path, keeps_server=True)
    with bench.peopled(20):
        pass
    with bench.peopled(30):
        assert bench.log == [*START, *END, "server", "30 people"]
    with bench.server():
        assert bench.log[-4:] == ["30 people", *END, "server"]
    with bench.peopled(20):
        pass
    (tmp_path / "data").mkdir()
    (tmp_path / "untouched").mkdir()
    bench.begin_anew()
    assert bench.log[-2:] == END
