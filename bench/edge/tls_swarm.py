"""Many TLS clients, one after the other, in one process: says hello on each and keeps all of them open.

    python -m bench.edge.tls_swarm PORT N CA_FILE full|resumed

Prints "ready SECONDS", then waits for the end of its input.
"""

import json
import resource
import socket
import ssl
import sys
import time

UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def hello(number: int) -> bytes:
    command = {
        "type": "hello",
        "id": 1,
        "protocol": 1,
        "token": f"u_{number:026d}",
        "device_id": f"d_{number:026d}",
    }
    body = json.dumps(command).encode()
    return b"\x81\xfe" + len(body).to_bytes(2, "big") + bytes(4) + body


def main() -> None:
    port, count, authority, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = ssl.create_default_context(cafile=authority)
    kept: list[ssl.SSLSocket] = []
    session = None
    reused = 0
    begun = time.monotonic()
    for number in range(count):
        raw = socket.create_connection(("127.0.0.1", port))
        sock = context.wrap_socket(raw, server_hostname="127.0.0.1", session=session)
        sock.sendall(UPGRADE)
        assert sock.recv(4096).startswith(b"HTTP/1.1 101")
        sock.sendall(hello(number))
        assert b'"ok"' in sock.recv(4096)
        reused += bool(sock.session_reused)
        session = sock.session if kind == "resumed" else None
        kept.append(sock)
    assert reused == (count - 1 if kind == "resumed" else 0)
    print("ready", time.monotonic() - begun, flush=True)
    for _ in sys.stdin:
        print("bytes 0 reads 0", flush=True)


if __name__ == "__main__":
    main()
