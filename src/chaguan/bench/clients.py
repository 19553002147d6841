"""Thousands of clients on one epoll: connect, sign in, read everything, check every seq."""

import contextlib
import resource
import select
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.bench import frames
from chaguan.bench.frames import Push, Reply, Welcome, frame
from chaguan.bench.world import VERSION, World, device, subject

TCP, HANDSHAKE, UPGRADE, HELLO, READY = range(5)
REFUSED = "a connection was refused"
SOURCES = 200
PATIENCE_S = 30
_BUFFER = 65_536
_HARD_END = struct.pack("ii", 1, 0)
_REMEMBERED = 4_096
HEARTBEAT_S = 30
_HEARTBEAT = b'"type":"heartbeat"}'
Entry = tuple[str, int]


class Lost(Exception):
    """A server closed a connection that the workload needs."""


class Client:
    """One person's device."""

    __slots__ = (
        "command_id",
        "detours",
        "fd",
        "on_reply",
        "person",
        "rest",
        "seqs",
        "socket",
        "stage",
        "version",
    )

    def __init__(self, person: int) -> None:
        self.person = person
        self.socket: socket.socket | ssl.SSLSocket | None = None
        self.fd = -1
        self.stage = TCP
        self.rest = b""
        self.command_id = 0
        self.detours = 0
        """How often it took the next node, because its own was not there."""
        self.version = VERSION
        self.seqs: dict[str, int] = {}
        self.on_reply: dict[int, Callable[[Client, Reply], None]] = {}


class Clients:
    """Those of one generator process. `faults` counts what must not be: holes, doubles, errors. They spread over the
    `ports` so that the two of a pair are at different nodes. A connection that ends is `Lost`, unless `on_lost` is
    there to hear of it with the close code (0 without one) and its reason."""

    def __init__(self, world: World, people: Iterable[int], ports: Sequence[int], is_tls: bool) -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.world = world
        self.ports = list(ports)
        self.clients = [Client(person) for person in people]
        self.of_person = {client.person: client for client in self.clients}
        self.tls = _tls_context() if is_tls else None
        self.tickets: dict[int, ssl.SSLSession] = {}
        self.resumed_handshakes = 0
        now = time.time_ns() // 1_000_000
        secret = AppSecret(world.secret)
        self.tokens = {
            client.person: world.agents[client.person - len(world.users)].token
            if client.person >= len(world.users)
            else sign_user_token(secret, world.app_id, subject(client.person), now, 7_200)
            for client in self.clients
        }
        self.ready = self.received = self.faults = self.refusals = 0
        self.repeats = 0
        self.knows_repeats = False
        """What was said while a session came back may be in its welcome and be pushed as well, and is told by its seq.
        Where nobody comes back, a repeat is a fault."""
        self.on_entry: Callable[[Client, Push], None] | None = None
        self.on_desk: Callable[[Client, Push], None] | None = None
        """Hears of cases that changed, as who watches a desk is told of them."""
        self.on_lost: Callable[[Client, int, str], None] | None = None
        self.last_size = 0
        """Of the last frame with an entry, as it came over the wire."""
        self._epoll = select.epoll()
        self._by_fd: dict[int, Client] = {}
        self._pushes: dict[bytes, list[Push]] = {}
        self._beating_since = time.monotonic()
        self._turns = 0
        self.beats = 0

    # Connecting

    def connect(self, clients: list[Client], window: int, known: bool) -> list[float]:
        """All of them, at most `window` at a time on their way; returns how long each took to its welcome."""
        begun: dict[int, float] = {}
        took: list[float] = []
        waiting = deque(clients)
        goal = self.ready + len(clients)
        pending = 0

        def welcomed(client: Client) -> None:
            nonlocal pending
            pending -= 1
            took.append(time.perf_counter() - begun[client.person])

        def refused(client: Client) -> None:
            """The server is busy: once more, behind the others. Its time goes on."""
            nonlocal pending
            pending -= 1
            self.refusals += 1
            if self.refusals > 10 * len(self.clients):
                raise Lost("the server goes on refusing hellos")
            self.drop(client)
            waiting.append(client)

        while self.ready < goal:
            while pending < window and waiting:
                client = waiting.popleft()
                begun.setdefault(client.person, time.perf_counter())
                self.open(client, welcomed, refused)
                pending += 1
            self.turn(PATIENCE_S, known=known)
        return took

    def open(
        self, client: Client, on_ready: Callable[[Client], None], on_refused: Callable[[Client], None]
    ) -> None:
        """Set it on its way; `on_ready` hears of its welcome, `on_refused` that the server is too busy for it."""

        def answered(client: Client, reply: Reply) -> None:
            if not bytes(reply.ok):
                if b'"retry_after_ms"' not in bytes(reply.error):
                    raise Lost(f"person {client.person}'s hello was refused: {bytes(reply.error).decode()}")
                on_refused(client)
                return
            self.take_welcome(client, reply)
            client.stage = READY
            self.ready += 1
            on_ready(client)

        client.on_reply = {1: answered}
        client.command_id = 1
        self._open(client)

    def port_of(self, client: Client) -> int:
        """With as many nodes as ports; the two of a pair go to neighbours."""
        place = client.person // 2 + client.person % 2 + client.detours
        return self.ports[place % len(self.ports)]

    def _open(self, client: Client) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        # Without this the kernel looks for a free port at bind, among tens of thousands that are waiting to end.
        sock.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD_END)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((f"127.0.0.{2 + client.person % SOURCES}", 0))
        with contextlib.suppress(BlockingIOError):
            sock.connect(("127.0.0.1", self.port_of(client)))
        client.socket, client.fd, client.stage, client.rest = sock, sock.fileno(), TCP, b""
        self._by_fd[client.fd] = client
        self._epoll.register(client.fd, select.EPOLLOUT)

    def _connected(self, client: Client) -> None:
        sock = client.socket
        assert sock is not None
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.lose(client, 0, REFUSED)
            return
        self._epoll.modify(client.fd, select.EPOLLIN)
        if self.tls is None:
            self._say(client, frames.UPGRADE, UPGRADE)
            return
        client.socket = self.tls.wrap_socket(
            sock,
            server_hostname="127.0.0.1",
            do_handshake_on_connect=False,
            session=self.tickets.get(client.person),
        )
        client.stage = HANDSHAKE
        self._shake_hands(client)

    def _shake_hands(self, client: Client) -> None:
        assert isinstance(client.socket, ssl.SSLSocket)
        try:
            client.socket.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.resumed_handshakes += bool(client.socket.session_reused)
        self._say(client, frames.UPGRADE, UPGRADE)

    def _say(self, client: Client, data: bytes, stage: int) -> None:
        assert client.socket is not None
        client.stage = stage
        try:
            client.socket.send(data)
        except ConnectionError:
            self.lose(client, 0, f"closed without a word at stage {stage}")

    def _hello(self, client: Client, known: bool) -> bytes:
        seqs = client.seqs or dict.fromkeys(self.world.groups_of(client.person), 0)
        hello = {
            "type": "hello",
            "id": 1,
            "protocol": 1,
            "token": self.tokens[client.person],
            "device_id": device(client.person),
            "epoch": self.world.epoch,
            "user_version": client.version,
            "known": list(seqs.items()) if known else [],
        }
        return frame(frames.encode(hello))

    def take_welcome(self, client: Client, reply: Reply) -> Welcome | None:
        if not bytes(reply.ok):
            self.faults += 1
            return None
        welcome = frames.decode_welcome(reply.ok)
        client.version = welcome.user_version
        for sync in welcome.syncs:
            if sync.reset:
                client.seqs[sync.conversation_id] = sync.head_seq
                continue
            for entry in sync.entries:
                self.check(client, sync.conversation_id, entry.seq)
        return welcome

    def check(self, client: Client, conversation_id: str, seq: int) -> None:
        last = client.seqs.get(conversation_id)
        if last is None or seq == last + 1:
            client.seqs[conversation_id] = seq
        else:
            self._out_of_turn(client, conversation_id, seq, last)

    def _out_of_turn(self, client: Client, conversation_id: str, seq: int, last: int) -> None:
        if self.knows_repeats and seq <= last:
            self.repeats += 1
            return
        self.faults += 1
        client.seqs[conversation_id] = seq

    def close_all(self, keep_tickets: bool) -> None:
        """As a cut cable does: a reset for every connection. With its ticket a client resumes its TLS session."""
        for client in self.clients:
            if client.socket is not None:
                if isinstance(client.socket, ssl.SSLSocket) and client.socket.session is not None:
                    self.tickets[client.person] = client.socket.session
                self._epoll.unregister(client.fd)
                client.socket.close()
                client.socket = None
        if not keep_tickets:
            self.tickets.clear()
        self._by_fd.clear()
        self.ready = 0

    def drop(self, client: Client) -> None:
        """End its connection, from this side."""
        if client.socket is None:
            return
        self.ready -= client.stage == READY
        self._epoll.unregister(client.fd)
        self._by_fd.pop(client.fd, None)
        client.socket.close()
        client.socket = None
        client.stage = TCP

    def lose(self, client: Client, code: int, reason: str) -> None:
        if self.on_lost is None:
            raise Lost(f"person {client.person}'s connection ended: {code or ''} {reason}")
        self.drop(client)
        self.on_lost(client, code, reason)

    # Talking

    def command(self, client: Client, body: bytes, on_reply: "Callable[[Client, Reply], None]") -> None:
        """Send a command whose JSON is `{"id":%d,` and `body`."""
        client.command_id += 1
        client.on_reply[client.command_id] = on_reply
        assert client.socket is not None
        try:
            client.socket.send(frame(b'{"id":%d,%b' % (client.command_id, body)))
        except ConnectionError:
            self.lose(client, 0, "closed while something was sent")

    def turn(self, timeout: float, known: bool = False) -> None:
        """Handle what is ready, waiting up to `timeout` seconds for something."""
        self._beat()
        events = self._epoll.poll(timeout, 1_024)
        if not events and timeout >= PATIENCE_S:
            raise Lost(f"nothing arrived for {PATIENCE_S} s")
        for fd, event in events:
            client = self._by_fd.get(fd)
            if client is None:
                continue
            if client.stage == TCP:
                self._connected(client)
            elif client.stage == HANDSHAKE:
                self._shake_hands(client)
            elif event:
                self._read(client, known)

    def _beat(self) -> None:
        """Every client's heartbeat in its turn, evenly spread: a server closes whoever is silent for 45 s. It goes on
        while others still connect, which takes longer than that where there are many."""
        due = (time.monotonic() - self._beating_since) * len(self.clients) / HEARTBEAT_S
        if due - self._turns > len(
            self.clients
        ):  # nobody turned for a while: nobody's turn is worth two beats
            self._turns = int(due) - len(self.clients)
        while self._turns < due:
            client = self.clients[self._turns % len(self.clients)]
            self._turns += 1
            if client.stage >= HELLO and client.socket is not None:
                self.command(client, _HEARTBEAT, _nothing)
                self.beats += 1

    def _read(self, client: Client, known: bool) -> None:
        assert client.socket is not None
        try:
            data = client.socket.recv(_BUFFER)
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self.lose(client, 0, f"closed without a word at stage {client.stage}")
            return
        self._take(client, data, known)
        # What the TLS layer has decrypted makes no socket readable.
        while isinstance(client.socket, ssl.SSLSocket) and client.socket.pending():
            self._take(client, client.socket.recv(_BUFFER), known)

    def _take(self, client: Client, data: bytes, known: bool) -> None:
        if client.rest:
            data = client.rest + data
        if client.stage == UPGRADE:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                client.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.lose(client, 0, head.decode()[:200])
                return
            self._say(client, self._hello(client, known), HELLO)
            if client.socket is None:
                return
        try:
            payloads, client.rest = frames.split(data)
        except frames.Closed as closed:
            self.lose(client, closed.code, closed.reason)
            return
        for payload in payloads:
            if payload.startswith(b'{"type":"reply"'):
                reply = frames.decode_reply(payload)
                client.on_reply.pop(reply.id)(client, reply)
            else:
                self._pushed(client, payload)
            if client.socket is None:
                return

    def _pushed(self, client: Client, payload: bytes) -> None:
        """The same bytes reach many people: they are parsed once, and checked against each one's last seq."""
        pushes = self._pushes.get(payload)
        if pushes is None:
            if len(self._pushes) >= _REMEMBERED:
                self._pushes.clear()
            pushes = frames.decode_pushes(payload) if payload[:1] == b"[" else [frames.decode_push(payload)]
            self._pushes[payload] = pushes
            if pushes[0].seq:
                self.last_size = len(payload) + (2 if len(payload) < 126 else 4)
        on_entry, seqs = self.on_entry, client.seqs
        for push in pushes:
            if push.seq:
                self.received += 1
                conversation_id = push.conversation_id
                last = seqs.get(conversation_id)
                if last is None or push.seq == last + 1:
                    seqs[conversation_id] = push.seq
                else:
                    self._out_of_turn(client, conversation_id, push.seq, last)
                if on_entry is not None:
                    on_entry(client, push)
            elif push.cases:
                if self.on_desk is not None:
                    self.on_desk(client, push)
            elif push.version:
                client.version = push.version


def _nothing(_client: Client, _reply: Reply) -> None:
    return None


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
