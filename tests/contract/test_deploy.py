"""What lies in deploy/ names only what exists."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from chaguan import cli
from chaguan.core.settings import ENVIRONMENT, Settings, load
from chaguan.infra.together import refuse_many
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
    arguments = [argument.replace("%i", "8080") for argument in arguments]
    assert cli._parser().parse_args(arguments).run
    assert "NoNewPrivileges=true" in unit.read_text()


COMPOSE = yaml.safe_load((DEPLOY / "container" / "compose.yml").read_text())
SERVICES = COMPOSE["services"]
OWN = [name for name, service in SERVICES.items() if service["image"] == "chaguan"]
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text()
VARIABLES = {*ENVIRONMENT, "CHAGUAN_MASTER_KEY"}


def filled(text: str, values: dict[str, str]) -> str:
    """`${NAME:?why}` as compose reads it."""
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: values[found[1]], text)


def example_env() -> dict[str, str]:
    lines = (DEPLOY / "container" / "example.env").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value or f"secret-of-{name.lower()}" for name, value in pairs.items()}


def settings_of(service: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the product makes of a service's command, file and environment."""
    for name, value in SERVICES[service]["environment"].items():
        monkeypatch.setenv(name, filled(value, example_env()))
    options = cli._parser().parse_args(SERVICES[service]["command"])
    mounts = dict(volume.split(":")[1::-1] for volume in SERVICES[service]["volumes"])
    return load(DEPLOY / "container" / mounts[str(options.config)])


@pytest.mark.parametrize("service", OWN)
def test_a_container_is_given_settings_that_work(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SERVICES[service]["environment"].keys() <= VARIABLES
    settings = settings_of(service, monkeypatch)
    refuse_many(settings, service)
    assert settings.public_url == "https://im.example.com" and not settings.consumers
    assert settings.nodes == sum(SERVICES[name]["command"][0] == "serve" for name in OWN)
    named = {
        urlsplit(settings.database_url).hostname,
        urlsplit(settings.redis_url).hostname,
        urlsplit(settings.s3.endpoint).hostname,
    }
    assert named == set(SERVICES[service]["depends_on"]) <= set(SERVICES)
    assert settings.bucket == ("chaguan", "") and "-bucket=chaguan" in SERVICES["s3"]["command"]
    assert f"AWS_ACCESS_KEY_ID: {settings.s3.access_key_id}" in (DEPLOY / "container/compose.yml").read_text()


def test_every_volume_is_declared_and_every_secret_stands_in_the_example() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    for path in (name for name in used if name.startswith(".")):
        assert (DEPLOY / "container" / path).exists(), path
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "container" / "compose.yml").read_text()))
    assert asked == set(example_env())


def test_caddy_sends_to_the_port_on_which_the_nodes_listen() -> None:
    (port,) = re.findall(r"\bPORT=(\d+)", CONTAINERFILE)
    upstream = SERVICES["caddy"]["environment"]["CHAGUAN_UPSTREAM"].split()
    assert upstream == [f"{name}:{port}" for name in OWN if SERVICES[name]["command"][0] == "serve"]
    assert f"EXPOSE {port}" in CONTAINERFILE
    known = set(re.findall(r"\{\$(\w+)", (DEPLOY / "caddy" / "Caddyfile").read_text()))
    assert SERVICES["caddy"]["environment"].keys() <= known


def test_only_caddy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_the_image_runs_as_nobody_special_and_is_asked_whether_it_is_ready() -> None:
    last = CONTAINERFILE[CONTAINERFILE.rindex("\nFROM") :]
    assert re.search(r"^USER (?!0|root)", last, re.MULTILINE) and "HEALTHCHECK" in last
    variables = dict(re.findall(r"\b((?:CHAGUAN_)?[A-Z_]+)=(\S+)", last[last.index("ENV PATH") :]))
    assert variables.keys() - {"PATH", "PYTHONUNBUFFERED"} <= VARIABLES
    assert last.count("/opt/chaguan/ready.py") == 2 and variables["CHAGUAN_METRICS_LISTEN"] in (
        DEPLOY / "container" / "ready.py"
    ).read_text(encoding="utf-8")
    for source in re.findall(r"^COPY (?!--from)(?!\. \.)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        assert all(Path(path).exists() for path in source.split()), source
