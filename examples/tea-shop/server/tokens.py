"""Whom the shop knows, said so that Chaguan believes it."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode


def sign_token(app_id: str, secret: str, user: str, now: float) -> str:
    """A user token as Chaguan takes it: a JWT, HS256 with the app's secret, good for an hour."""

    def b64(raw: bytes) -> str:
        return urlsafe_b64encode(raw).rstrip(b"=").decode()

    claims = {"sub": user, "app": app_id, "iat": int(now), "exp": int(now) + 3600}
    parts = [b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join([*parts, b64(hmac.digest(secret.encode(), ".".join(parts).encode(), hashlib.sha256))])
