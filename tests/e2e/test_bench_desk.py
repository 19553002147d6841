"""The desk's stage of `chaguan bench`, at a size that shows that it works and no more."""

from pathlib import Path

import msgspec
import pytest

from chaguan.bench.desk import FIGURES, desk
from chaguan.bench.sizes import QUICK
from chaguan.bench.stages import Bench
from chaguan.bench.world import World

TINY = msgspec.structs.replace(
    QUICK, idle_s=0.5, desk_agents=120, desk_cases=20, desk_rate=40, desk_turnover=5, desk_s=1
)


@pytest.mark.soak
def test_a_desk_is_measured_and_no_case_of_it_is_lost(tmp_path: Path) -> None:
    nobody = World("", "", "", [], [], [], "", "")
    found = {figure.name: figure for figure in desk(Bench(tmp_path, nobody, TINY, print))}
    assert all(any(name.startswith(wanted) for name in found) for wanted in FIGURES)
    assert all(figure.value > 0 for figure in found.values())
    rush = found["desk_rush"].parameters
    assert (rush["lost"], rush["twice"], rush["over_capacity"]) == (0, 0, 0)
    assert rush["assignments"] > TINY.desk_cases
    assert not (tmp_path / "desk").exists()
