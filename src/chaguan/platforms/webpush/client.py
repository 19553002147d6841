"""Hands a sealed note to a push service and says what became of it."""

from msgspec import Struct

from chaguan.infra.http import Answer, GuardedHttp
from chaguan.platforms.webpush.sealing import Subscription, seal
from chaguan.platforms.webpush.vapid import VapidKey

TIMEOUT_S = 5.0
MAX_ANSWER = 8 * 1024
_BUSY_MS = 15_000
_LONGEST_MS = 3_600_000


class Pushed(Struct, frozen=True):
    """`reason` is empty when the service took it. `is_gone`: the subscription is of no use any more. `retry_in_ms` None:
    neither is another try."""

    status: int
    reason: str = ""
    retry_in_ms: int | None = None
    is_gone: bool = False


async def push(
    http: GuardedHttp,
    key: VapidKey,
    contact: str,
    subscription: Subscription,
    plaintext: bytes,
    *,
    topic: str,
    ttl_s: int,
    now: int,
) -> Pushed:
    """A later note of the same `topic` (at most 32 characters) takes the place of one that was not delivered yet; after
    `ttl_s` the service forgets it. Raises `AppError` where nobody knows, or it could not be reached."""
    answer = await http.send(
        "POST",
        subscription.endpoint,
        content=seal(subscription, plaintext),
        headers={
            "authorization": key.authorization(subscription.endpoint, contact, now),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(ttl_s),
            "urgency": "high",
            "topic": topic,
        },
        timeout_s=TIMEOUT_S,
        max_bytes=MAX_ANSWER,
    )
    return read_answer(answer)


def read_answer(answer: Answer) -> Pushed:
    status = answer.status
    if answer.is_success:
        return Pushed(status)
    if status in (404, 410):
        return Pushed(status, "gone", is_gone=True)
    if status in (401, 403):
        # It was made for another key, of a deployment of before: no later push will be taken either.
        return Pushed(status, "key_refused", is_gone=True)
    if status == 429 or status >= 500:
        return Pushed(status, "too_often" if status == 429 else "busy", _asked_pause(answer))
    return Pushed(status, "refused")


def _asked_pause(answer: Answer) -> int:
    asked = answer.headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return min(_LONGEST_MS, max(_BUSY_MS, int(asked) * 1000))
    return _BUSY_MS
