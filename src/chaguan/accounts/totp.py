"""Second factor: time-based codes (RFC 6238, SHA-1, 6 digits, 30 s) and recovery codes."""

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Sequence
from urllib.parse import quote, urlencode

STEP_MS = 30_000
DIGITS = 6
RECOVERY_CODES = 10

_CODE = re.compile(r"[0-9]{6}")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1, which people mistake for one another
_RECOVERY_LENGTH = 16  # times 4.95 bits: no dictionary, so a plain fast hash is enough to store


def new_totp_secret() -> bytes:
    """160 bits, as RFC 4226 §4 recommends. Store it sealed."""
    return secrets.token_bytes(20)


def totp_code(secret: bytes, step: int, digest: str = "sha1", digits: int = DIGITS) -> str:
    """The code of one time step (RFC 4226 §5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), digest)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def verify_totp(secret: bytes, code: str, now_ms: int, last_step: int) -> int | None:
    """The step the code belongs to, or None. One step early or late is accepted; a step not after `last_step`
    is not, so a code seen over someone's shoulder is worth nothing. Store the result as the next `last_step`
    in the transaction that signs in, on condition that the stored one is still lower."""
    text = code.replace(" ", "")
    if not _CODE.fullmatch(text):
        return None
    current = now_ms // STEP_MS
    matched: int | None = None
    for step in (current - 1, current, current + 1):
        equal = step >= 0 and hmac.compare_digest(totp_code(secret, step), text)
        if equal and step > last_step:
            matched = step
    return matched


def otpauth_uri(secret: bytes, account: str, issuer: str) -> str:
    """What the QR code holds: the Key URI format that authenticator apps read."""
    issuer = issuer.replace(":", " ")  # the colon separates issuer and account
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    query = urlencode(
        {
            "secret": b32encode(secret).decode().rstrip("="),
            "issuer": issuer,
            "algorithm": "SHA1",
            "digits": DIGITS,
            "period": STEP_MS // 1000,
        },
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"


def new_recovery_codes() -> list[str]:
    """Ten single-use codes, `xxxx-xxxx-xxxx-xxxx`: shown once, stored as `recovery_hash`."""
    return ["-".join(_letters(4) for _ in range(_RECOVERY_LENGTH // 4)) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> str:
    """Case, spaces and hyphens do not count."""
    plain = re.sub(r"[\s-]", "", code.lower())
    return hashlib.sha256(b"recovery/1\x00" + plain.encode("utf-8", "surrogatepass")).hexdigest()


def find_recovery_code(code: str, hashes: Sequence[str]) -> str | None:
    """The stored hash that the code matches, to be deleted in the transaction that signs in."""
    wanted = recovery_hash(code)
    found = None
    for stored in hashes:
        if hmac.compare_digest(stored, wanted):
            found = stored
    return found


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
