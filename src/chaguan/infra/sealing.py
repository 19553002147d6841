"""Envelope encryption: a master key wraps data keys, a data key seals content.

Three kinds of secret, because they live for different times:

- *Master keys* (`keyring`) stand outside the database and are exchanged by rotation. They encrypt nothing but keys.
- *Data keys*, one per owner (a conversation, a user's blobs), are random and stored wrapped by the domain that owns
  them; rotation re-wraps 69 bytes per owner and leaves the content alone. Destroying a wrapped key erases what it
  sealed everywhere, backups included.
- *The root secret* is random, made once and stored wrapped in the database. All keyed derivations (link signatures,
  search tokens, ids of direct conversations, staff tokens) come from it and not from the master key: a rotated master
  key would change every such id and token, and a search index can't be re-wrapped. It is kept in the database, so that
  a restored backup brings the root that its ids were derived from. Being wrapped like any key, it is the canary too:
  a master key that can't open it is not the one this data was sealed with.

Sealed form: version, 12 random bytes of nonce, AES-256-GCM ciphertext and tag. Associated data binds it to its place.
Random nonces stay safe for 2**32 seals under one data key, which no conversation reaches.
"""

import os
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.keyring import ID_BYTES, KEY_BYTES, KeySource, MasterKeyError, key_id

NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES
WRAPPED_BYTES = 1 + ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES

_VERSION = b"\x01"
_ROOT_OWNER = "deployment root"


class WrongMasterKey(MasterKeyError):
    """The keys at hand are not those that this data was sealed with."""


class DamagedError(AppError):
    """Sealed bytes that this key did not seal for this place: altered, cut short, or moved here from elsewhere."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.internal, detail)


class DataKey:
    """Seals and opens one owner's content. Holds the key only inside the cipher."""

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        cipher = AESGCM(key)
        self._encrypt = cipher.encrypt
        self._decrypt = cipher.decrypt

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        nonce = _next_nonce()
        return _VERSION + nonce + self._encrypt(nonce, plaintext, aad)

    def unseal(self, sealed: bytes, aad: bytes) -> bytes:
        if sealed[:1] != _VERSION or len(sealed) < OVERHEAD:
            raise DamagedError("sealed data is cut short or of an unknown version")
        try:
            return self._decrypt(sealed[1:13], sealed[13:], aad)
        except InvalidTag as error:
            raise DamagedError("sealed data does not open with its owner's key at this place") from error


class _Held(NamedTuple):
    """One reading of the source. Replaced whole, so that no thread sees a new current key with the old set."""

    stamp: Hashable
    current: bytes
    ciphers: dict[bytes, AESGCM]


class Keyring:
    """The master keys in memory, re-read when their source has changed, so that rotation needs no restart."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._held = self._read()

    @property
    def current_id(self) -> str:
        return self._fresh().current.hex()

    def is_current(self, wrapped: bytes) -> bool:
        """False for what rotation still has to re-wrap."""
        return _master_id(wrapped) == self._fresh().current

    def wrap(self, owner: str, key: bytes) -> bytes:
        # An unreadable source refuses here: what were wrapped under a key that has left the file is lost on restart.
        held = self._fresh()
        nonce = _next_nonce()
        head = _VERSION + held.current
        return head + nonce + held.ciphers[held.current].encrypt(nonce, key, head + owner.encode())

    def unwrap(self, owner: str, wrapped: bytes) -> bytes:
        cipher = self._cipher(_master_id(wrapped))
        head, rest = wrapped[: 1 + ID_BYTES], wrapped[1 + ID_BYTES :]
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + owner.encode())
        except InvalidTag as error:
            raise DamagedError(
                f"the wrapped key of {owner} is damaged or belongs to another owner"
            ) from error

    def _cipher(self, master: bytes) -> AESGCM:
        cipher = self._held.ciphers.get(master) or self._fresh().ciphers.get(master)
        if cipher is None:
            raise WrongMasterKey(
                f"This data was sealed with master key {master.hex()}, which {self._source.name} does not hold "
                f"(it has {', '.join(key.hex() for key in self._held.ciphers)}). Put the right key back."
            )
        return cipher

    def _fresh(self) -> _Held:
        if self._source.stamp() != self._held.stamp:
            self._held = self._read()
        return self._held

    def _read(self) -> _Held:
        # The stamp is taken first: a change during the read then shows as a change once more.
        stamp = self._source.stamp()
        keys = self._source.read()
        return _Held(stamp, key_id(keys[0]), {key_id(key): AESGCM(key) for key in keys})


class Vault:
    """What the domains hold: makes, opens and re-wraps data keys, and derives keys that outlive rotation."""

    def __init__(self, keyring: Keyring, wrapped_root: bytes, cached_keys: int = 8_000) -> None:
        self._keyring = keyring
        self._root = keyring.unwrap(_ROOT_OWNER, wrapped_root)
        self._limit = cached_keys  # a cipher holds 2.4 KiB, and making one again costs 6 µs
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[bytes, DataKey]] = OrderedDict()
        self.unwrapped = 0
        """Data keys that were not in the cache."""

    def wrap(self, owner: str) -> bytes:
        """A new random data key for `owner`, wrapped: what its domain stores."""
        return self._keyring.wrap(owner, secrets.token_bytes(KEY_BYTES))

    def unwrap(self, owner: str, wrapped: bytes) -> DataKey:
        with self._lock:
            held = self._cache.get(owner)
            if held is not None and held[0] == wrapped:
                self._cache.move_to_end(owner)
                return held[1]
        key = DataKey(self._keyring.unwrap(owner, wrapped))
        self.unwrapped += 1
        with self._lock:
            self._cache[owner] = (wrapped, key)
            self._cache.move_to_end(owner)
            if len(self._cache) > self._limit:
                self._cache.popitem(last=False)
        return key

    def cached(self, owner: str) -> DataKey | None:
        """Spares the caller reading the wrapped key. Only for opening: another process may have destroyed it."""
        with self._lock:
            held = self._cache.get(owner)
        return held[1] if held is not None else None

    @property
    def cached_keys(self) -> int:
        return len(self._cache)

    def forget(self, owner: str) -> None:
        with self._lock:
            self._cache.pop(owner, None)

    def is_current(self, wrapped: bytes) -> bool:
        return self._keyring.is_current(wrapped)

    def rewrap(self, owner: str, wrapped: bytes) -> bytes:
        """The same data key under the current master key; unchanged when it is there already."""
        return rewrap(self._keyring, owner, wrapped)

    def derive(self, label: str) -> bytes:
        """32 bytes that depend on the deployment and the label alone, the same after any rotation."""
        # RFC 5869, expand only: the root is uniformly random already.
        info = b"chaguan derived key\x00" + label.encode()
        return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=info).derive(self._root)


def new_root(keyring: Keyring) -> bytes:
    """A root secret for a new deployment, wrapped: stored once, before anything else, and never replaced."""
    return keyring.wrap(_ROOT_OWNER, secrets.token_bytes(KEY_BYTES))


def rewrap_root(keyring: Keyring, wrapped_root: bytes) -> bytes:
    return rewrap(keyring, _ROOT_OWNER, wrapped_root)


def check(keyring: Keyring, wrapped_root: bytes) -> None:
    """Raises `WrongMasterKey` or `DamagedError` when these master keys do not fit this deployment's data."""
    keyring.unwrap(_ROOT_OWNER, wrapped_root)


def rewrap(keyring: Keyring, owner: str, wrapped: bytes) -> bytes:
    if keyring.is_current(wrapped):
        return wrapped
    return keyring.wrap(owner, keyring.unwrap(owner, wrapped))


def _master_id(wrapped: bytes) -> bytes:
    if wrapped[:1] != _VERSION or len(wrapped) != WRAPPED_BYTES:
        raise DamagedError("a wrapped key is cut short or of an unknown version")
    return wrapped[1 : 1 + ID_BYTES]


# One system call for 340 nonces instead of one each. A deque hands each out once, whatever thread asks; a forked
# child must not hand out those its parent still holds.
_nonces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_nonces.clear)


def _next_nonce() -> bytes:
    try:
        return _nonces.popleft()
    except IndexError:
        noise = os.urandom(NONCE_BYTES * 341)
        _nonces.extend(noise[at : at + NONCE_BYTES] for at in range(NONCE_BYTES, len(noise), NONCE_BYTES))
        return noise[:NONCE_BYTES]
