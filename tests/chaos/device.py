"""A device that lives through the play: it connects to any node, catches up, and keeps what it saw."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence

from tests.chaos.link import Gone, Json, Link, Refused
from tests.chaos.watch import Watch
from tests.property.reader import Reader

RESUME_S = 20
AGAIN_S = 0.1
BREATH_S = 0.02
LONGEST_PAUSE_S = 5
KEPT = 150
"""Messages of a conversation that a device keeps on its screen."""


class LifeEnded(Exception):
    """A device met something that it does not know what to do with: a fault of the server's, or of ours."""


class Screen(Reader):
    """The reference client, which also remembers what came and forgets messages that scrolled away."""

    def __init__(self, user_id: str, ask: Callable[..., object], watch: Watch) -> None:
        self._watch = watch
        super().__init__(user_id, ask)  # type: ignore[arg-type]

    async def catch_up(self) -> None:
        await super().catch_up()
        self._watch.rows(self.rows)

    async def receive(self, push: Json) -> None:
        room = push.get("conversation_id", "")
        if "seq" in push and room not in self.logs:
            self._watch.entry(room, push)  # it will not be shown, and must not have been told all the same
        await super().receive(push)
        if push["type"] == "user_changed":
            self._watch.rows(self.rows)
        elif room in self.rows:
            self._watch.row(room, self.rows[room])

    def _apply(self, id: str, log: Json, entry: Json) -> None:
        self._watch.entry(id, entry)
        super()._apply(id, log, entry)
        messages = log["messages"]
        if len(messages) > 2 * KEPT:
            for seq in sorted(messages)[:-KEPT]:
                del messages[seq]

    def _store(self, id: str, message: Json) -> None:
        self.logs[id]["messages"][message["seq"]] = message  # no copy: each device decodes what it got itself


class Device:
    def __init__(
        self, name: str, user_id: str, urls: Sequence[str], token: Callable[[], str], rng: random.Random
    ) -> None:
        self.name = name
        self._urls = urls
        self._token = token
        self._rng = rng
        self._link: Link | None = None
        self._is_known = self._is_over = False
        self._settled = asyncio.Event()
        self.is_current = asyncio.Event()
        self.connections = 0
        self.trouble = "it never connected"
        """What ended its last connection."""
        self.watch = Watch(name)
        self.screen = Screen(user_id, self._ask, self.watch)

    async def _ask(self, type: str, **fields: object) -> Json:
        if self._link is None:
            raise Gone("not connected")
        if type == "resume" and not self._is_known:
            answer = await self._link.ask(
                "hello", protocol=1, token=self._token(), device_id=self.name, **fields
            )
            self._is_known = True
            self.screen.user_id = answer["user"]["id"]
        else:
            answer = await self._link.ask(type, **fields)
        return answer  # type: ignore[no-any-return]

    async def ask(self, type: str, **fields: object) -> Json:
        """Asks when it is connected and current; Gone when the connection ends meanwhile."""
        await self.is_current.wait()
        try:
            return await self._ask(type, **fields)
        except Gone:
            await asyncio.sleep(
                BREATH_S
            )  # until its life has noticed, too: who asks again at once stops the loop
            raise

    async def insist(self, type: str, **fields: object) -> Json:
        """Asks until it is answered: for what may be said twice."""
        while True:
            try:
                return await self.ask(type, **fields)
            except Gone:
                pass
            except Refused as refused:
                if not refused.is_busy:
                    raise
            await asyncio.sleep(AGAIN_S)

    async def live(self) -> None:
        attempt = 0
        while not self._is_over:
            try:
                await self._session()
            except (Gone, Refused) as error:
                self.trouble = repr(error)
                attempt = 0 if self.is_current.is_set() else attempt + 1
            except Exception as error:
                raise LifeEnded(f"{self.name}, after {self.connections} connections: {error!r}") from error
            finally:
                self.is_current.clear()
                if self._link is not None:
                    self._link.close()
                    self._link = None
            await asyncio.sleep(self._rng.uniform(0.05, min(LONGEST_PAUSE_S, 0.1 * 2**attempt)))

    async def _session(self) -> None:
        self._link = link = await Link.open(self._rng.choice(self._urls))
        self._is_known = False
        self.watch.connected()
        await self.screen.catch_up()
        self.connections += 1
        self.is_current.set()
        loop = asyncio.get_running_loop()
        resumed = loop.time()
        while True:
            pushes = await link.news()
            is_due = loop.time() - resumed > RESUME_S
            for push in pushes:
                self.watch.pushed(push)
                if push["type"] in ("resume_needed", "go_away"):
                    is_due = True
                else:
                    await self.screen.receive(push)
            if is_due:
                await self.screen.catch_up()
                resumed = loop.time()
                self._settled.set()
            elif not pushes:
                await link.ask("heartbeat")

    async def settle(self) -> None:
        """Everything applied that the server has: what a person would see after pulling the list down."""
        self._settled.clear()
        while not self._settled.is_set():
            await self.is_current.wait()
            if self._link is not None:
                self._link.put({"type": "resume_needed"})
            await wait_for(self._settled, 2)

    def end(self) -> None:
        self._is_over = True


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Whether it came in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
