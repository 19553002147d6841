"""Heartbeats told by their bytes. They are all that an idle session costs, so they skip what other commands need."""

import re

from chaguan.gateway.websocket import TEXT, text_frame, unmask

_AS_CLIENTS_WRITE_IT = re.compile(
    rb'\{"(?:type":"heartbeat","id":(0|[1-9][0-9]{0,14})|id":(0|[1-9][0-9]{0,14}),"type":"heartbeat")\}'
)
_HEAD = 6
_SIZES = range(len(b'{"type":"heartbeat","id":0}'), len(b'{"type":"heartbeat","id":0}') + 15)


def heartbeat_id(data: bytes) -> bytes | None:
    """The id, as it is written, in bytes that are one heartbeat in one frame and nothing else. Whatever looks in any
    way different gives None, and is decoded as every command is; it may be a heartbeat all the same."""
    size = len(data) - _HEAD
    if size not in _SIZES or data[0] != 0x80 | TEXT or data[1] != 0x80 | size:
        return None
    found = _AS_CLIENTS_WRITE_IT.fullmatch(unmask(data[_HEAD:], data[2:_HEAD]))
    return found[1] or found[2] if found else None


def heartbeat_reply(command_id: bytes) -> bytes:
    return text_frame(b'{"type":"reply","id":%b,"ok":null}' % command_id)
