"""Animated GIFs, kept as they are but for what is no picture: comments, foreign extensions, whatever follows the end.

Copying blocks loses nothing of the animation, and counts the frames without decoding one.
"""

from typing import NamedTuple

from chaguan.core.errors import AppError, ErrorCode

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPING = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


class Gif(NamedTuple):
    data: bytes
    width: int
    height: int
    frames: int


def strip(data: bytes) -> Gif:
    """Raises `bad_request` for what is not a GIF with at least one frame. A missing end is supplied."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 13:
        raise _malformed()
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    at = 13 + _table_bytes(data[10])
    kept = bytearray(data[:at])
    frames = 0
    while at < len(data) and data[at] != _TRAILER:
        end = _block_end(data, at)
        if end is None:
            break  # cut short: what came before is shown
        if data[at] == _IMAGE:
            frames += 1
        if _is_picture(data, at):
            kept += data[at:end]
        at = end
    if not frames:
        raise _malformed()
    kept.append(_TRAILER)
    return Gif(bytes(kept), width, height, frames)


def _is_picture(data: bytes, at: int) -> bool:
    if data[at] == _IMAGE or data[at + 1] == _GRAPHIC_CONTROL:
        return True
    return data[at + 1] == _APPLICATION and data[at + 2 : at + 14] in _LOOPING


def _block_end(data: bytes, at: int) -> int | None:
    if data[at] == _EXTENSION:
        return _sub_blocks_end(data, at + 2)
    if data[at] != _IMAGE:
        raise _malformed()
    if at + 10 > len(data):
        return None
    return _sub_blocks_end(data, at + 10 + _table_bytes(data[at + 9]) + 1)


def _sub_blocks_end(data: bytes, at: int) -> int | None:
    while at < len(data):
        if data[at] == 0:
            return at + 1
        at += 1 + data[at]
    return None


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _malformed() -> AppError:
    return AppError(ErrorCode.bad_request, "this GIF is damaged", reason="undecodable")
