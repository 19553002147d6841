"""What the decoders raise on broken input, told apart from what is wrong with our own disk."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import av

from chaguan.core.errors import AppError, ErrorCode

# Not EIO: FFmpeg says that of a file cut short.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextmanager
def undecodable(what: str, *also: type[Exception]) -> Iterator[None]:
    """`also` are further exceptions that the decoder in use raises on broken input."""
    broken: tuple[type[Exception], ...] = (av.FFmpegError, OSError, ValueError, EOFError, *also)
    try:
        yield
    except broken as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise disk_trouble(error) from error
        raise AppError(ErrorCode.bad_request, f"this {what} is damaged", reason="undecodable") from error


def require_codec(stream: av.AudioStream | av.VideoStream) -> None:
    """A stream in a codec that nobody knows has no context, which PyAV's types do not tell."""
    context: av.CodecContext | None = stream.codec_context
    if context is None:
        raise AppError(ErrorCode.bad_request, "this file is in an unknown codec", reason="undecodable")
    context.thread_count = 1


def disk_trouble(error: OSError) -> AppError:
    return AppError(ErrorCode.unavailable, f"temporary files: {error.strerror}", retry_after_ms=10_000)
