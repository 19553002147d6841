"""The chaos suite: each kind of fault once, on one node and on three, and faults of ours that it must find.

The plays with faults run with `make soak`, the long ones with `make chaos`.
"""

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.play import Play
from tests.chaos.scene import OneNode


async def found(scene, **how) -> list[str]:
    report = await Play(scene, seed=1, people=10, **how).run()
    assert sum(report.blown.values()) == how["faults"] and report.acknowledged >= how["messages"]
    return report.faults_found


@pytest.mark.soak
async def test_three_nodes_lose_double_and_reorder_nothing_whatever_dies(tmp_path):
    assert not await found(Cluster(tmp_path), messages=300, faults=11)


@pytest.mark.soak
async def test_one_node_loses_doubles_and_reorders_nothing_whatever_happens_to_it(tmp_path):
    assert not await found(OneNode(tmp_path), messages=300, faults=7)


async def test_an_acknowledgement_before_the_commit_is_found(tmp_path):
    faults = await found(OneNode(tmp_path, plant="ack_before_commit"), messages=300, faults=0)
    assert any("is not there" in fault for fault in faults)


@pytest.mark.soak
async def test_lost_deduplication_is_found(tmp_path):
    faults = await found(OneNode(tmp_path, plant="dedupe_lost"), messages=3_000, faults=42)
    assert any("never acknowledged" in fault for fault in faults)
