"""What the machine can do without us, measured beside the figures it limits."""

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from chaguan.bench.processes import Process

BODY = b"x" * 220


def echo_and_sync_ms(folder: Path, turns: int = 400) -> tuple[float, float]:
    """Median and 99th percentile of one loopback round trip and one append with fdatasync, one after the other:
    what an acknowledgement can't be faster than."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_echo, args=(server,), daemon=True)
        thread.start()
        with (
            socket.create_connection(server.getsockname()) as client,
            tempfile.NamedTemporaryFile(dir=folder) as file,
        ):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            took = []
            for _ in range(turns):
                begun = time.perf_counter()
                client.send(BODY)
                client.recv(1_024)
                file.write(BODY)
                file.flush()
                os.fdatasync(file.fileno())
                took.append(time.perf_counter() - begun)
    took.sort()
    return took[turns // 2] * 1_000, took[int(turns * 0.99)] * 1_000


def round_trips_ms(turns: int) -> list[float]:
    """Of a message's size over the loopback, to a thread that sends it back."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with socket.create_connection(server.getsockname()) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            took = []
            for _ in range(turns):
                begun = time.perf_counter()
                client.send(BODY)
                client.recv(1_024)
                took.append((time.perf_counter() - begun) * 1_000)
    return took


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while data := connection.recv(1_024):
            connection.send(data)


def rows_per_s(folder: Path, seconds: float = 1.0, together: int = 256) -> float:
    """Rows of a message's size into one SQLite table, `together` in a transaction that is synced to disk."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        connection = sqlite3.connect(Path(name) / "limit.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")
        rows, begun, count = [(BODY,)] * together, time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows (body) VALUES (?)", rows)
            connection.execute("COMMIT")
            count += together
        took = time.perf_counter() - begun
        connection.close()
    return count / took


def interpreter_mib() -> float:
    """A Python that has loaded nothing but what it starts with."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    time.sleep(0.3)
    try:
        return Process(child.pid).memory_kib("Rss") / 1024
    finally:
        child.communicate(b"\n")
