"""Chat over HTTP, for places without WebSocket: the same commands, and a resume that waits; and the health of it all."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.pace import Pace
from chaguan.gateway.polling import Poll, Polling
from chaguan.gateway.verbs import Verbs
from chaguan.protocol.commands import Command
from chaguan.protocol.replies import Reply, Welcome

MAX_BODY = 65_536
_decode_command = msgspec.json.Decoder(Command).decode
_decode_poll = msgspec.json.Decoder(Poll).decode


@post("/v1/commands", status_code=200, request_max_body_size=MAX_BODY)
async def run_command(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    verbs: NamedDependency[Verbs],
    pace: NamedDependency[Pace],
) -> Reply:
    """Run one command of the protocol, as over the WebSocket, and get its `reply`.

    The body is a command as docs/reference/protocol.md has them, except `hello`, `resume`, `heartbeat` and the
    `watch_…` commands, which need a connection. As often as over a WebSocket (`rate_limited`). A refused command answers with the HTTP status of its error.
    """
    pace.take(caller)
    command = _decoded(_decode_command, await request.body())
    return Reply(command.id, ok=await verbs.run(caller, command))


@post("/v1/poll", status_code=200, request_max_body_size=MAX_BODY, exclude_from_auth=True)
async def poll(
    request: Request[Any, Any, Any], polling: NamedDependency[Polling], address: NamedDependency[str]
) -> Welcome:
    """Catch up, and wait for up to 25 s if there is nothing new.

    The body is `{"type": "poll", "wait_s": 25, …}` with the fields of `hello`; the answer is `Welcome`. Ask again
    with the `epoch`, `user_version` and seqs of the answer. Nothing is kept between two polls.
    """
    command = _decoded(_decode_poll, await request.body())
    return await polling.poll(command, address)


def _decoded(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        raise AppError(ErrorCode.bad_request, str(error)) from error


HANDLERS = (run_command, poll)
