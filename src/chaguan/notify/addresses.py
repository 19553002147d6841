"""What must stay secret of robots and devices: sealed, each bound to its row, and known again by a keyed hash."""

import hashlib
import hmac
from urllib.parse import urlsplit

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.sealing import DataKey, Vault
from chaguan.notify.model import Bell, Sealed
from chaguan.platforms.robots import Robot, Vendor
from chaguan.platforms.webpush import Subscription

MAX_ENDPOINT = 1_000


class Addresses:
    def __init__(self, vault: Vault) -> None:
        self._key = DataKey(vault.derive("notify addresses"))
        self._tags = vault.derive("notify tags")

    def seal(self, bell_id: str, what: Sealed) -> bytes:
        return self._key.seal(msgspec.json.encode(what), bell_id.encode())

    def open(self, bell: Bell) -> Sealed:
        return msgspec.json.decode(self._key.unseal(bell.sealed, bell.id.encode()), type=Sealed)

    def seal_vapid(self, raw: bytes) -> bytes:
        return self._key.seal(raw, b"vapid")

    def open_vapid(self, sealed: bytes) -> bytes:
        return self._key.unseal(sealed, b"vapid")

    def tag_of_robot(self, robot: Robot) -> str:
        return self._tag(f"{robot.vendor.value} {robot.base} {robot.key}")

    def tag_of_device(self, endpoint: str) -> str:
        return self._tag(f"push {endpoint}")

    def _tag(self, text: str) -> str:
        return hmac.digest(self._tags, text.encode(), hashlib.sha256)[:16].hex()


def robot_of(vendor: str, sealed: Sealed) -> Robot:
    return Robot(Vendor(vendor), sealed.base, sealed.key, sealed.secret)


def subscription_of(sealed: Sealed) -> Subscription:
    return Subscription(sealed.endpoint, sealed.p256dh, sealed.auth)


def check_endpoint(endpoint: str, sandbox: str) -> None:
    """A browser names it, so anybody who may sign in does: only https, and what the guarded client then lets through.
    `sandbox` is where the stand-in lies, if it is on."""
    try:
        parts = urlsplit(endpoint)
        is_plain = bool(parts.hostname) and parts.username is None and not parts.fragment
    except ValueError:
        is_plain = False
    is_own = bool(sandbox) and endpoint.startswith(sandbox)
    if (
        not is_plain
        or len(endpoint) > MAX_ENDPOINT
        or not endpoint.isascii()
        or not endpoint.isprintable()
        or " " in endpoint
        or not (parts.scheme == "https" or is_own)
    ):
        raise AppError(ErrorCode.bad_request, "an https address of a push service", field="endpoint")
