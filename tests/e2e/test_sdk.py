"""The TypeScript SDK, in Node and in Chromium, against a whole deployment."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.server import run_whole
from tests.e2e.test_chat import Town
from tools.node_env import node_path

SDK = Path(__file__).parents[2] / "clients" / "sdk"
MOST_S = 240


@pytest.fixture
async def town(tmp_path):
    town = Town(await run_whole(tmp_path / "data"))
    await town.settle()
    yield town
    await town.running.stop()


async def _sdk_tests(name: str, env: dict[str, str]) -> tuple[int, str]:
    path = node_path()
    npx = shutil.which("npx", path=path)
    assert npx is not None, "no Node: `make test` sets one up"
    process = await asyncio.create_subprocess_exec(
        *(npx, "vitest", "run", "--config", "vitest.e2e.config.ts", name),
        cwd=SDK,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(MOST_S):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")


async def _run(town: Town, name: str) -> None:
    env = {
        "CHAGUAN_URL": f"http://127.0.0.1:{town.running.port}",
        "CHAGUAN_CUSTOMER_TOKEN": town.customer_token("li"),
        "CHAGUAN_STAFF_TOKEN": await town.agent_token("xiaoming"),
        "CHAGUAN_STAFF_DEVICE": "dev_xiaoming",
    }
    code, output = await _sdk_tests(name, env)
    assert code == 0, output


async def test_the_sdk_in_node_talks_with_a_real_deployment(town):
    await _run(town, "conversation")


async def test_the_sdk_in_a_browser_talks_with_a_real_deployment(town):
    await _run(town, "browser")
