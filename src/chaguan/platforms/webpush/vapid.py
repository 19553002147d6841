"""How a deployment shows a push service who it is (RFC 8292): a key of its own, named when a browser subscribes, signs a
short-lived token for the service's origin."""

from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from chaguan.platforms.webpush.sealing import encode, point

LIFE_S = 12 * 3600
"""At most a day (RFC 8292 §2)."""


class VapidKey:
    """Holds the private key only inside the cipher; `raw` is what is stored, sealed."""

    __slots__ = ("_key", "public")

    def __init__(self, raw: bytes) -> None:
        self._key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
        self.public = encode(point(self._key.public_key()))
        """What the browser is told when it subscribes (`applicationServerKey`)."""

    @staticmethod
    def new() -> bytes:
        numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
        return numbers.private_value.to_bytes(32, "big")

    def authorization(self, endpoint: str, contact: str, now: int) -> str:
        """The header of a push to `endpoint`; `now` in UTC milliseconds."""
        head = {"typ": "JWT", "alg": "ES256"}
        claims = {"aud": origin(endpoint), "exp": now // 1000 + LIFE_S, "sub": contact}
        signed = f"{_part(head)}.{_part(claims)}"
        one, other = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = encode(one.to_bytes(32, "big") + other.to_bytes(32, "big"))
        return f"vapid t={signed}.{signature}, k={self.public}"

    def __repr__(self) -> str:
        return "VapidKey(hidden)"


def origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _part(value: dict[str, object] | dict[str, str]) -> str:
    return encode(msgspec.json.encode(value))
