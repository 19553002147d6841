"""What `chaguan bench` refuses before it starts anything."""

import pytest

from chaguan import cli


def test_several_nodes_without_engines_are_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--nodes", "3", "--redis-url", "redis://127.0.0.1"]) == 2
    assert "--nodes needs --database-url and --redis-url" in capsys.readouterr().err


@pytest.mark.parametrize(
    "nodes", [[], ["--nodes", "--database-url", "postgresql://x", "--redis-url", "redis://x"]]
)
def test_a_stage_that_is_not_there_is_answered_with_those_that_are(
    nodes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", "--only", "nothing", *nodes]) == 2
    said = capsys.readouterr().err
    assert "durable" in said
    assert ("sessions_held" in said) is bool(nodes)
