"""The chaos suite: each kind of fault once, on one node and on three, and faults of ours that it must find.

Plays of more than a minute run with `make soak`, the long ones with `make chaos`.
"""

import os

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.play import Play
from tests.chaos.scene import OneNode

TEN_MILLION = 10_000_000


async def found(scene, **how) -> list[str]:
    report = await Play(scene, seed=1, **{"people": 10, **how}).run()
    assert sum(report.blown.values()) == how["faults"] and report.acknowledged >= how["messages"]
    return report.faults_found


def only(scene: OneNode, kind: str) -> OneNode:
    scene.faults = {kind: scene.faults[kind]}
    return scene


async def test_one_node_loses_doubles_and_reorders_nothing_whatever_happens_to_it(tmp_path):
    """Two of the phones run the TypeScript SDK."""
    scene = OneNode(tmp_path)
    assert not await found(scene, messages=300, faults=len(scene.faults), sdk=2)


@pytest.mark.soak
async def test_three_nodes_lose_double_and_reorder_nothing_whatever_dies(tmp_path):
    assert not await found(Cluster(tmp_path), messages=300, faults=21, sdk=3)


@pytest.mark.soak
async def test_a_node_that_is_hurt_again_and_again_keeps_ten_million_messages(tmp_path):
    """CHAOS_MESSAGES takes another number of them."""
    messages = int(os.environ.get("CHAOS_MESSAGES", TEN_MILLION))
    assert not await found(OneNode(tmp_path), messages=messages, faults=64, people=100, sdk=4, pause_s=0)


async def test_an_acknowledgement_before_the_commit_is_found(tmp_path):
    faults = await found(OneNode(tmp_path, plant="ack_before_commit"), messages=300, faults=0)
    assert any("is not there" in fault for fault in faults)


async def test_lost_deduplication_is_found(tmp_path):
    scene = only(OneNode(tmp_path, plant="dedupe_lost"), "replies lost")
    faults = await found(scene, messages=200, faults=2)
    assert any("never acknowledged" in fault for fault in faults)


async def test_a_consumer_that_skips_a_late_commit_is_found(tmp_path, database_url):
    faults = await found(OneNode(tmp_path, "late_commit_skipped", database_url), messages=400, faults=0)
    assert any("the consumer was given" in fault for fault in faults)


async def test_a_consumer_that_waits_for_late_commits_is_given_everything(tmp_path, database_url):
    assert not await found(OneNode(tmp_path, "", database_url), messages=400, faults=0)
