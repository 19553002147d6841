"""The long form of what the SDK's own tests play: `make soak ARGS=tests/property`."""

import os
import subprocess

import pytest

from tests.e2e.process import ROOT
from tools.node_env import node_path

SDK = ROOT / "clients" / "sdk"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("tests", "count"),
    [
        ("tests/lifecycle", {"CHAGUAN_LIVES": "5000"}),
        ("tests/property/convergence.test.ts", {"CHAGUAN_PROPERTY_RUNS": "10000"}),
    ],
)
def test_the_sdk_keeps_its_promises_at_length(tests: str, count: dict[str, str]) -> None:
    vitest = ROOT / "clients" / "node_modules" / ".bin" / "vitest"
    ran = subprocess.run(
        (str(vitest), "run", tests, "--disable-console-intercept"),
        cwd=SDK,
        env={**os.environ, "PATH": node_path(), **count},
        capture_output=True,
        text=True,
        timeout=3_600,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
