"""`chaguan serve` as a process of its own, that can be killed, starved and looked at from outside."""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.core.clock import now_ms
from tests.e2e.server import Client
from tools.servers import children

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
START_S = 30
OWNER_PASSWORD = "first-steep-then-pour"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def upload_form(picture: bytes) -> tuple[bytes, str]:
    """Body and Content-Type of a picture's upload."""
    head = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nimage\r\n--b\r\n'
    head += b'Content-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n'
    return head + picture + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def chaguan(*arguments: str, seconds: float = START_S) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chaguan.cli", *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


class Served:
    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.url = f"ws://127.0.0.1:{self.port}/v1/ws"
        self._arguments = arguments
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.app_id = self.secret = self.owner_token = ""

    async def start(self) -> "Served":
        command = [sys.executable, "-m", "chaguan.cli", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.folder), *self._arguments]
        with self._log.open("ab") as log:
            self._process = children.start(command, env=ENVIRONMENT, stdout=log, stderr=log)
        async with asyncio.timeout(START_S):
            while (await self.http("GET", "/health"))[0] == 0:
                assert self._process.poll() is None, self.log
                await asyncio.sleep(0.02)
        return self

    async def set_up(self) -> "Served":
        """Sign the first administrator in and make an app, as its owner would."""
        email, password = re.findall(r"First administrator: (\S+)\s+password: (\S+)", self.log)[0]
        body = {"email": email, "password": password, "device_id": "d_owner"}
        self.owner_token = (await self.ask("POST", "/v1/auth/staff", body))["access_token"]
        passwords = {"old_password": password, "new_password": OWNER_PASSWORD}
        status, refusal = await self.http("POST", "/v1/me/password", passwords, self.owner_token)
        assert status == 204, refusal
        shop = (await self.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
        app = await self.ask("POST", "/v1/admin/apps", {"shop_id": shop, "kind": "web", "name": "网站"})
        self.app_id, self.secret = app["id"], app["secret"]
        return self

    def token(self, name: str, at: int | None = None) -> str:
        return sign_user_token(AppSecret(self.secret), self.app_id, name, at or now_ms())

    async def customer(self, name: str) -> tuple[Client, str]:
        """A connected customer and their service conversation."""
        client = await Client.connect(self.url)
        await client.hello(self.token(name), f"d_{name}")
        return client, (await client.ask("open_service"))["view"]["conversation"]["id"]

    async def owner(self) -> Client:
        client = await Client.connect(self.url)
        await client.hello(self.owner_token, "d_owner")
        return client

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.http(method, path, body, self.owner_token)
        assert status in (200, 201), (status, answer)
        return answer

    async def http(
        self, method: str, path: str, body: Any = None, token: str = "", **headers: str
    ) -> tuple[int, Any]:
        return await asyncio.to_thread(self._http, method, path, body, token, headers)

    async def upload(self, name: str, picture: bytes) -> tuple[int, Any]:
        body, kind = upload_form(picture)
        return await self.http("POST", "/v1/media", body, self.token(name), Content_Type=kind)

    async def fetch(self, path: str) -> bytes:
        """What a signed link gives."""
        return await asyncio.to_thread(self._fetch, path)

    def _fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return answer.read()

    def _http(
        self, method: str, path: str, body: Any, token: str, headers: dict[str, str]
    ) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        for name, value in {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")
        except OSError:
            return 0, None

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; as `Popen` has it."""
        assert self._process is not None
        return self._process.poll()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def memory(self) -> int:
        """Resident bytes."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) * 1024

    def limit_file_size(self, size: int | None) -> None:
        """No file grows beyond `size`: to the server this is a full disk."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))
