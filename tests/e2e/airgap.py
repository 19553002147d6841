"""Run by test_bundle.py in a network namespace of its own: installs the bundle, serves, and plays the demo.

unshare -rn python tests/e2e/airgap.py BUNDLE.tar.gz FOLDER PYTHON
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.e2e.server import Client

PORT = 8080
BASE = f"http://127.0.0.1:{PORT}"


def only_loopback() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return
    raise AssertionError("there is a way out")


def install(bundle: Path, folder: Path, python: str) -> Path:
    with tarfile.open(bundle) as packed:
        packed.extractall(folder, filter="data")
    [unpacked] = folder.glob("chaguan-*")
    environment = {"PATH": os.environ["PATH"], "PYTHON": python, "HOME": str(folder)}
    target = folder / "opt"
    for _ in range(2):  # the second time over the first: that is how one upgrades
        subprocess.run(["sh", "install.sh", str(target)], cwd=unpacked, env=environment, check=True)
    return target / "venv" / "bin" / "chaguan"


def fetch(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["content-type"] else text


def served(program: Path, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [str(program), "serve", "--demo", "--port", str(PORT), "--data-dir", str(folder / "data")]
    process = subprocess.Popen(command, env=environment, cwd=folder)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None
        try:
            if fetch(f"{BASE}/ready")["ready"]:
                return process
        except OSError:
            time.sleep(0.05)
    raise AssertionError("it does not get ready")


def first_answer(url: str) -> Any:
    """The merchant's server starts beside the deployment, and may take a moment longer."""
    until = time.monotonic() + 30
    while True:
        try:
            return fetch(url)
        except OSError:
            assert time.monotonic() < until, url
            time.sleep(0.05)


async def play() -> None:
    """What the demo page does: a phone signs in and asks, an agent takes the case and answers."""
    assert "<script" in fetch(f"{BASE}/console/") and "<" in fetch(f"{BASE}/demo/")
    known = fetch(f"{BASE}/demo/config.json")
    code = fetch(f"{BASE}/demo/wechat-code?phone=phone-1")["code"]
    phone = {"app_id": known["app_id"], "code": code, "device_id": "phone-1"}
    token = fetch(f"{BASE}/v1/auth/wechat", phone)["access_token"]
    customer, agent = (
        await Client.connect(f"ws://127.0.0.1:{PORT}/v1/ws"),
        await Client.connect(f"ws://127.0.0.1:{PORT}/v1/ws"),
    )
    await customer.hello(token, "phone-1")
    room = (await customer.ask("open_service"))["view"]["conversation"]["id"]
    signed = {"email": known["agents"][0]["email"], "password": known["password"], "device_id": "desk-1"}
    await agent.hello(fetch(f"{BASE}/v1/auth/staff", signed)["access_token"], "desk-1")
    await agent.ask("watch_desk")
    await customer.say(room, "请问有龙井吗")
    case = await agent.until("desk_changed")
    await agent.ask("take_case", case_id=case["cases"][0]["id"])
    await agent.say(room, "有的，今年的明前茶")
    heard = await customer.until("message_sent", conversation_id=room)
    assert heard["content"]["text"]
    assert await asyncio.to_thread(first_answer, f"http://127.0.0.1:{known['shop_port']}/api/products")
    await customer.close()
    await agent.close()


def main() -> None:
    bundle, folder, python = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    only_loopback()
    process = served(install(bundle, folder, python), folder)
    try:
        asyncio.run(play())
    finally:
        process.terminate()
        code = process.wait(20)
    assert code == 0
    print("installed, served and chatted without a network")


if __name__ == "__main__":
    main()
