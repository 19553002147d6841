"""The stages of `chaguan bench` for several nodes, at a size that shows that they work and no more."""

import pytest

from chaguan.bench import sizes
from chaguan.bench.cluster import Cluster, ClusterScale
from chaguan.bench.cluster_engines import Engines
from chaguan.bench.cluster_stages import rolling_restart
from tools.servers.valkey import Single

TINY = ClusterScale(sizes.QUICK, nodes=2, restart_sessions=20, restart_rate=40, restart_pause_s=0.5)


@pytest.fixture
def cluster(tmp_path, postgres):
    with Single() as valkey:
        engines = Engines(postgres.url(), valkey.url)
        opened = Cluster(tmp_path, engines, TINY, (2,), print)
        try:
            yield opened
        finally:
            opened.close()


def test_the_processes_of_both_engines_are_found_and_their_limits_are_measured(cluster, postgres) -> None:
    engines = cluster.engines
    pids = {process.pid for process in engines.processes()}
    assert postgres.pid in pids and len(pids) > 3, "the postmaster, what it has started, and Valkey"
    assert engines.rows_per_s(together=16, seconds=0.2) > 0
    median, late = engines.acknowledgement_ms()
    assert 0 < median <= late
    assert engines.messages_per_s(seconds=0.2) > 0
    assert engines.valkey_bytes() > 0


def databases(postgres) -> set[str]:
    return set(postgres.psql("SELECT datname FROM pg_database").split())


def test_a_rolling_restart_loses_and_doubles_nothing_and_leaves_no_database(cluster, postgres) -> None:
    before = databases(postgres)
    (figure,) = rolling_restart(cluster)
    found = figure.parameters
    assert found["came_back"] >= TINY.restart_sessions, "each node was stopped, so all had to come back"
    assert found["sent"] == found["acked"] > 0
    assert (found["lost"], found["doubled"]) == (0, 0)
    assert found["faults"] == 0
    assert 0 < figure.value < 60 and figure.limit is not None and figure.limit > found["drain_window_s"]
    cluster.close()
    assert databases(postgres) == before
