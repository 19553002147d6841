"""Web push: the example of RFC 8291, the token of RFC 8292, and answers of push services; against the sandbox's browser."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chaguan.core.errors import AppError
from chaguan.infra.http import Answer
from chaguan.platforms.sandbox.push_service import Refused, SandboxPush
from chaguan.platforms.webpush import Subscription, VapidKey, check_subscription, decode, encode
from chaguan.platforms.webpush.client import read_answer
from chaguan.platforms.webpush.sealing import MAX_PLAINTEXT, seal

NOW = 1_790_000_000_000
ORIGIN = "https://push.example"

# RFC 8291, appendix A.
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


class Scene:
    def __init__(self) -> None:
        self.now = NOW
        self.key = VapidKey(VapidKey.new())
        self.push = SandboxPush(clock=lambda: self.now)
        self.id, self.browser = self.push.subscribe(self.key.public)
        self.endpoint = f"{ORIGIN}/send/{self.id}"
        self.subscription = Subscription(self.endpoint, self.browser.p256dh, self.browser.auth_text)

    def headers(self, key: VapidKey | None = None, **changed: str) -> dict[str, str]:
        told = (key or self.key).authorization(self.endpoint, "mailto:it@shop.example", self.now)
        sent = {
            "authorization": told,
            "ttl": "60",
            "content-encoding": "aes128gcm",
            "topic": "waiting",
            "urgency": "high",
        }
        return sent | changed

    def refused(self, body: bytes | None = None, own: str = ORIGIN, **changed: str) -> int:
        sealed = seal(self.subscription, b"{}") if body is None else body
        try:
            self.push.take(self.id, own, self.headers(**changed), sealed)
        except Refused as refusal:
            return refusal.status
        return 0


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_example_of_the_standard_comes_out_to_the_byte():
    own = ec.derive_private_key(int.from_bytes(decode(AS_PRIVATE), "big"), ec.SECP256R1())
    subscription = Subscription("https://push.example", UA_PUBLIC, AUTH)
    sealed = seal(subscription, b"When I grow up, I want to be a watermelon", decode(SALT), own)
    assert encode(sealed) == BODY


def test_what_is_sealed_for_a_browser_opens_there(scene: Scene):
    text = "有顾客在等待" * 100
    scene.push.take(scene.id, ORIGIN, scene.headers(), seal(scene.subscription, text.encode()))
    (note,) = scene.browser.received
    assert (note.data, note.ttl, note.urgency, note.topic) == (text, 60, "high", "waiting")


def test_the_largest_note_is_taken_and_a_larger_one_is_not(scene: Scene):
    assert scene.refused(seal(scene.subscription, b"x" * MAX_PLAINTEXT)) == 0
    assert scene.refused(seal(scene.subscription, b"x" * (MAX_PLAINTEXT + 1))) == 413


def test_the_service_refuses_what_the_standards_forbid(scene: Scene):
    assert scene.refused() == 0
    assert scene.refused(ttl="") == 400
    assert scene.refused(authorization="") == 401
    assert scene.refused(own="https://elsewhere.example") == 403
    assert scene.refused(topic="x" * 33) == 400
    assert scene.refused(**{"content-encoding": "aesgcm"}) == 415
    another = Scene()
    assert scene.refused(seal(another.subscription, b"{}")) == 400, "sealed for somebody else"
    assert scene.refused(authorization=another.headers()["authorization"]) == 403


def test_a_token_is_good_for_less_than_a_day_and_a_changed_one_is_not(scene: Scene):
    headers = scene.headers()
    scene.now += 13 * 3_600_000
    assert scene.refused(**headers) == 403
    scene.now = NOW
    broken = headers["authorization"].replace("t=ey", "t=eY")
    assert scene.refused(**{**headers, "authorization": broken}) == 403


def test_a_subscription_that_was_taken_back_is_gone(scene: Scene):
    scene.push.unsubscribe(scene.id)
    assert scene.refused() == 410


@pytest.mark.parametrize(
    ("p256dh", "auth"), [("", AUTH), (UA_PUBLIC[:-4], AUTH), (UA_PUBLIC, "AAAA"), ("§", "§")]
)
def test_keys_that_no_browser_made_are_refused(p256dh: str, auth: str):
    with pytest.raises(AppError, match="bad_request"):
        check_subscription(Subscription("https://push.example", p256dh, auth))


@pytest.mark.parametrize(
    ("status", "reason", "is_gone", "retries"),
    [
        (201, "", False, False),
        (404, "gone", True, False),
        (410, "gone", True, False),
        (403, "key_refused", True, False),
        (413, "refused", False, False),
        (429, "too_often", False, True),
        (500, "busy", False, True),
        (302, "refused", False, False),
    ],
)
def test_answers_of_push_services(status: int, reason: str, is_gone: bool, retries: bool):
    pushed = read_answer(Answer(status, {}, b""))
    assert (pushed.reason, pushed.is_gone, pushed.retry_in_ms is not None) == (reason, is_gone, retries)


def test_a_pause_that_the_service_asks_for_is_kept_up_to_an_hour():
    assert read_answer(Answer(429, {"retry-after": "90"}, b"")).retry_in_ms == 90_000
    assert read_answer(Answer(429, {"retry-after": "999999"}, b"")).retry_in_ms == 3_600_000
    assert read_answer(Answer(429, {"retry-after": "Fri, 31 Dec"}, b"")).retry_in_ms == 15_000


def test_neither_keys_nor_addresses_are_printed(scene: Scene):
    assert scene.subscription.auth not in repr(scene.subscription)
    assert repr(scene.key) == "VapidKey(hidden)"
