"""Passwords of staff: argon2id (RFC 9106), off the event loop, a bounded number at a time."""

import asyncio
import unicodedata
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from chaguan.core.errors import AppError, ErrorCode

MIN_LENGTH = 10
MAX_LENGTH = 256  # characters; a longer one would let a stranger choose how much we hash

_AT_ONCE = 2
_WAITING = 64


class Verified(NamedTuple):
    ok: bool
    rehash: bool
    """The hash was made with other parameters: store a new one while the password is at hand."""


class Passwords:
    """Hashes and verifies. One hash takes 32 MiB and some 65 ms of one core; at most two run at a time, and
    when 64 wait already, the next is told `unavailable` rather than queued."""

    def __init__(self, *, time_cost: int = 2, memory_kib: int = 32 * 1024) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        # Verified against when there is no such account, so that time does not tell who has one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The string to store. Raises `bad_request` for a password that `check_new_password` refuses."""
        check_new_password(password)
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> Verified:
        """`stored` is None for an account that does not exist or has no password: same time, never ok."""
        if len(password) > MAX_LENGTH:
            # A password this long was never accepted, and the length tells nothing about any account.
            return Verified(ok=False, rehash=False)
        if self._waiting >= _WAITING:
            raise AppError(ErrorCode.unavailable, "too many sign-ins at once", retry_after_ms=2_000)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(self._compare, stored, _normal(password))
        finally:
            self._waiting -= 1

    def _compare(self, stored: str | None, password: bytes) -> Verified:
        try:
            self._hasher.verify(self._nobody if stored is None else stored, password)
        except VerifyMismatchError:
            return Verified(ok=False, rehash=False)
        except (VerificationError, InvalidHashError) as error:
            raise AppError(ErrorCode.internal, "a stored password hash is damaged") from error
        if stored is None:
            return Verified(ok=False, rehash=False)
        return Verified(ok=True, rehash=self._hasher.check_needs_rehash(stored))


def check_new_password(password: str) -> None:
    """Length is what counts (NIST SP 800-63B §3.1.1); rules about kinds of characters are not made."""
    if len(password) < MIN_LENGTH or len(password) > MAX_LENGTH:
        raise AppError(
            ErrorCode.bad_request,
            f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters",
            reason="password_length",
            min=MIN_LENGTH,
            max=MAX_LENGTH,
        )
    if len(set(password)) < 4:
        raise AppError(ErrorCode.bad_request, "a password of so few characters", reason="password_too_simple")


def _normal(password: str) -> bytes:
    """The same password typed on another system may arrive decomposed or full-width. A lone surrogate, which
    JSON can carry, must not crash the encoder."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
