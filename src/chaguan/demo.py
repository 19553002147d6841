"""The first minute of a newcomer: a shop with an agent, a sandbox for WeChat, the merchant's own server beside it."""

import asyncio
import contextlib
import ctypes
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from chaguan.accounts import Scope
from chaguan.accounts.apps import AppKind, NewApp
from chaguan.accounts.sessions import Visitor
from chaguan.accounts.shops import ShopChange
from chaguan.app import Deployment
from chaguan.core.caller import Caller, Role
from chaguan.core.settings import Settings
from chaguan.gateway.server import listen
from chaguan.platforms.sandbox import SandboxWeChat

APPID = "wx00000000teashop"
AGENTS = (("mei@tea.example", "小梅", Role.agent), ("lin@tea.example", "老林", Role.admin))
PASSWORD = "tea-and-talk-2026"  # noqa: S105  the demo's own, printed on its page
_PR_SET_PDEATHSIG = 1
_PLACES = (Path(__file__).parents[2], Path(sys.prefix).parent)
"""Where `examples` may lie: beside the sources, or beside the virtual environment that a bundle installs."""


class Inside:
    """Where the demo's parts reach one another: in plain text, on this machine. With TLS outside, a relay stands at
    each of the two ports, since neither part could verify a certificate that is made for another name."""

    def __init__(self, settings: Settings, port: int, tls: ssl.SSLContext | None) -> None:
        self._host, self._port, self._tls = settings.host, port, tls
        self._own = settings.own_address(port).rpartition(":")[0].strip("[]")
        self._relays: list[asyncio.Server] = []
        self.scheme = "https" if tls else "http"
        self.chaguan, self.shop = settings.own_address(port), settings.own_address(port + 1)
        self.shop_host, self.shop_port = settings.host, port + 1
        if tls is not None:
            self._door = listen("127.0.0.1", 0)
            with listen("127.0.0.1", 0) as free:
                self.shop_host, self.shop_port = free.getsockname()
            self.chaguan = f"127.0.0.1:{self._door.getsockname()[1]}"
            self.shop = f"127.0.0.1:{self.shop_port}"

    async def open(self) -> None:
        if self._tls is None:
            return
        to_ourselves = ssl.create_default_context()
        to_ourselves.check_hostname, to_ourselves.verify_mode = False, ssl.CERT_NONE
        inward = partial(_relay, self._own, self._port, to_ourselves)
        outward = partial(_relay, self.shop_host, self.shop_port, None)
        self._relays = [
            await asyncio.start_server(inward, sock=self._door),
            await asyncio.start_server(outward, self._host, self._port + 1, ssl=self._tls),
        ]

    def close(self) -> None:
        for relay in self._relays:
            relay.close()


async def _relay(
    host: str,
    port: int,
    context: ssl.SSLContext | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        there, back = await asyncio.open_connection(host, port, ssl=context)
    except OSError:
        writer.close()  # the other side does not listen yet, or no more
        return
    await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


class Demo:
    """Fills an empty deployment once; at each start plays WeChat and runs the tea shop's server."""

    def __init__(
        self, deployment: Deployment, port: int, address: str, shop_address: str, inside: Inside
    ) -> None:
        """`address`, `shop_address`: where the browsers of customers and agents reach this and the merchant's server."""
        self._inside = inside
        self._deployment = deployment
        self._port = port
        self._address, self._shop_address = address, shop_address
        self._file = deployment.settings.data / "demo.json"
        self._shop: subprocess.Popen[bytes] | None = None
        self.sandbox: SandboxWeChat

    async def prepare(self) -> dict[str, Any]:
        """What the demo page and the phone need to know."""
        known = json.loads(self._file.read_text()) if self._file.exists() else await self._fill()
        self.sandbox = SandboxWeChat({APPID: known["wechat_secret"]})
        await self._point_at_shop(known)
        self._start_shop(known)
        await self._inside.open()
        return {
            "app_id": known["app_id"],
            "appid": APPID,
            "shop_port": self._port + 1,
            "site": self._site(),
            "agents": [{"email": email, "name": name} for email, name, _ in AGENTS],
            "password": PASSWORD,
        }

    def _site(self) -> str:
        """Where the merchant's web site is; empty where the example was not brought along."""
        exists = any((place / "examples" / "website").is_dir() for place in _PLACES)
        return f"{self._inside.scheme}://{self._shop_address}/site/" if exists else ""

    async def stop(self) -> None:
        self._inside.close()
        if self._shop is not None:
            self._shop.terminate()
            await asyncio.to_thread(self._shop.wait)

    async def _fill(self) -> dict[str, str]:
        accounts = self._deployment.accounts
        owner = Caller("staff", "demo", role=Role.owner)
        shop = await accounts.shops.only()
        assert shop is not None  # made at the first start
        await accounts.shops.change(owner, shop.id, ShopChange(name="云岫茶铺 Yunxiu Tea"))
        context_secret = secrets.token_urlsafe(32)
        known = {"wechat_secret": secrets.token_urlsafe(24), "context_secret": context_secret}
        app = await accounts.apps.create(
            owner,
            NewApp(
                shop_id=shop.id,
                kind=AppKind.wechat,
                name="云岫茶铺 Yunxiu Tea",
                wechat_appid=APPID,
                wechat_secret=known["wechat_secret"],
            ),
        )
        key = await accounts.keys.create(owner, "tea shop server", list(Scope))
        known |= {"app_id": app.id, "app_secret": app.secret, "api_key": key.key}
        for email, name, role in AGENTS:
            link = await accounts.staff.invite(owner, email, name, role)
            await accounts.invitations.accept(
                Visitor("127.0.0.1", f"demo-{name}"), link.token, name, PASSWORD
            )
        self._keep(known)
        return known

    def _keep(self, known: dict[str, str]) -> None:
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(known))

    async def _point_at_shop(self, known: dict[str, str]) -> None:
        """The merchant's server listens beside this one, wherever that is today. An address of one's own stays."""
        shops = self._deployment.accounts.shops
        shop = await shops.only()
        url = f"http://{self._inside.shop}/context"
        if shop is None or shop.context_url not in ("", known.get("context_url", shop.context_url)):
            return
        if shop.context_url != url:
            change = ShopChange(context_url=url, context_secret=known["context_secret"])
            await shops.change(Caller("staff", "demo", role=Role.owner), shop.id, change)
            self._keep(known | {"context_url": url})

    def _start_shop(self, known: dict[str, str]) -> None:
        found = [place / "examples" / "tea-shop" / "server" / "main.py" for place in _PLACES]
        main = next((path for path in found if path.exists()), None)
        if main is None:
            return
        settings, inside = self._deployment.settings, self._inside
        environment = {
            **os.environ,
            "HOST": inside.shop_host,
            "PORT": str(inside.shop_port),
            "PUBLIC_URL": f"{inside.scheme}://{self._shop_address}",
            "CHAGUAN_URL": f"http://{inside.chaguan}",
            "CHAGUAN_PUBLIC_URL": f"{inside.scheme}://{self._address}",
            "CHAGUAN_APP_ID": known["app_id"],
            "CHAGUAN_APP_SECRET": known["app_secret"],
            "CHAGUAN_API_KEY": known["api_key"],
            "CHAGUAN_CONTEXT_SECRET": known["context_secret"],
            "WECHAT_URL": f"http://{inside.chaguan}/sandbox/wechat",
            "WECHAT_APPID": APPID,
            "WECHAT_SECRET": known["wechat_secret"],
            "DATA_DIR": str(settings.data / "tea-shop"),
        }
        command = [sys.executable, str(main)]
        self._shop = subprocess.Popen(command, env=environment, preexec_fn=_die_with_parent)  # noqa: S603  our own example


def _die_with_parent() -> None:
    """A server that is killed outright must not leave the shop behind on its port (prctl(2), Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
