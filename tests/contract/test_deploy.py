"""What lies in deploy/ names only what exists."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from chaguan import cli
from chaguan.metrics.catalogue import BY_NAME
from tools import dashboard

DEPLOY = Path("deploy")
PROMETHEUS_OWN = {"up"}
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]


def names_in(expression: str) -> set[str]:
    """Metrics of an expression, without the suffixes that a histogram has."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|(by|without) \([^)]*\)", "", expression)
    found = set(re.findall(r"\b[a-z_]+(?=\s*(?:$|[)<>=*/+,-]))", bare))
    return {_family(name) for name in found}


def _family(name: str) -> str:
    stem = re.sub(r"_(bucket|sum|count)$", "", name)
    return stem if BY_NAME.get(stem) and BY_NAME[stem].kind == "histogram" else name


def test_names_are_found_in_expressions() -> None:
    assert names_in(
        'histogram_quantile(0.9, sum by (le) (rate(chaguan_commit_seconds_bucket{a="b"}[5m])))'
    ) == {"chaguan_commit_seconds"}
    assert names_in("made_up_total > 3") == {"made_up_total"}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_looks_at_metrics_that_exist(rule) -> None:
    names = names_in(rule["expr"])
    assert names and names <= set(BY_NAME) | PROMETHEUS_OWN
    assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"].endswith(".")


def test_the_dashboard_shows_metrics_that_exist_and_is_what_its_script_writes() -> None:
    text = dashboard.TARGET.read_text(encoding="utf-8")
    assert text == dashboard.text()
    for panel in json.loads(text)["panels"]:
        for target in panel["targets"]:
            names = names_in(target["expr"])
            assert names and names <= set(BY_NAME), (panel["title"], names)


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists(unit) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    program, *arguments = shlex.split(line)
    assert program.endswith("/bin/chaguan")
    assert cli._parser().parse_args(arguments).run
    assert "NoNewPrivileges=true" in unit.read_text()
