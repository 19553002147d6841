"""Message push by the vendor's own examples, and by everything that is not the vendor's."""

import json
import time
import tracemalloc

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.platforms.wechat import push
from chaguan.platforms.wechat.push import PushKeys, PushQuery, encrypt, open_push, read_aes_key, sign
from chaguan.platforms.wechat.xml import Malformed, read_flat, write_flat

TOKEN, APPID = "AAAAA", "wxba5fad812f8e6fb9"
PLAIN = PushKeys(APPID, TOKEN)
SAFE = PushKeys(APPID, TOKEN, read_aes_key("A" * 43))
ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajA"
    "sjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
SAFE_AT = 1714112445
SAFE_QUERY = PushQuery(
    timestamp=str(SAFE_AT), nonce="415670741", msg_signature="046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
)
SAFE_BODY = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPT}).encode()
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


def refusal(keys, query, body, now=SAFE_AT * 1000) -> tuple[ErrorCode, str]:
    with pytest.raises(AppError) as caught:
        open_push(keys, query, body, now)
    return caught.value.code, caught.value.data.get("reason", "")


def plain_query(at: int = SAFE_AT, nonce: str = "n1") -> PushQuery:
    return PushQuery(signature=sign(TOKEN, str(at), nonce), timestamp=str(at), nonce=nonce)


def safe(message: bytes, keys: PushKeys = SAFE, at: int = SAFE_AT) -> tuple[PushQuery, bytes]:
    sealed = encrypt(keys, message)
    query = PushQuery(timestamp=str(at), nonce="n", msg_signature=sign(keys.token, str(at), "n", sealed))
    return query, json.dumps({"Encrypt": sealed}).encode()


TEXT = {"FromUserName": OPENID, "MsgType": "text", "CreateTime": SAFE_AT, "MsgId": 23, "Content": "你好"}


def test_the_vendors_example_of_saving_an_address():
    query = PushQuery(
        signature="f464b24fc39322e44b38aa78f5edd27bd1441696",
        timestamp="1714036504",
        nonce="1514711492",
        echostr="4375120948345356249",
    )
    assert push.verify_url(PLAIN, query, 1714036504_000) == "4375120948345356249"
    assert push.verify_url(SAFE, query, 1714036504_000) == "4375120948345356249"


def test_the_vendors_example_of_a_plain_push():
    query = PushQuery(
        signature="899cf89e464efb63f54ddac96b0a0a235f53aa78", timestamp="1714037059", nonce="486452656"
    )
    opened = open_push(PLAIN, query, json.dumps(TEXT).encode(), 1714037059_000)
    assert opened.message.content == "你好" and opened.proof == query.signature


def test_the_vendors_example_of_a_safe_push():
    opened = open_push(SAFE, SAFE_QUERY, SAFE_BODY, SAFE_AT * 1000)
    assert opened.message.from_user_name == OPENID and opened.message.event == "debug_demo"
    assert opened.key == f"e:{OPENID}:{SAFE_AT}:debug_demo"
    raw = push.decrypt(SAFE, ENCRYPT)
    assert len(raw) == 167
    assert encrypt(SAFE, raw, b"a8eedb185eb2fecf") == ENCRYPT


def test_the_vendors_example_of_an_encrypted_answer():
    sealed = encrypt(SAFE, b'{"demo_resp":"good luck"}', b"707722b803182950")
    assert sealed == (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert sign(TOKEN, "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_xml_says_the_same_as_json():
    as_json = open_push(PLAIN, plain_query(), json.dumps(TEXT).encode(), SAFE_AT * 1000)
    as_xml = open_push(PLAIN, plain_query(), write_flat(TEXT), SAFE_AT * 1000)
    assert as_xml.message == as_json.message and as_xml.key == as_json.key == "m:23"
    query, _ = safe(b"")
    sealed = encrypt(SAFE, write_flat(TEXT))
    query = PushQuery(timestamp=str(SAFE_AT), nonce="n", msg_signature=sign(TOKEN, str(SAFE_AT), "n", sealed))
    body = write_flat({"ToUserName": "gh", "Encrypt": sealed})
    assert open_push(SAFE, query, body, SAFE_AT * 1000).message == as_json.message


def test_the_compatible_mode_is_read_from_its_encrypted_part_alone():
    query, body = safe(json.dumps(TEXT).encode())
    both = {**TEXT, "Content": "forged beside it", **json.loads(body)}
    assert open_push(SAFE, query, json.dumps(both).encode(), SAFE_AT * 1000).message.content == "你好"


def test_an_app_with_a_key_takes_nothing_in_plain_text():
    body = json.dumps(TEXT).encode()
    assert refusal(SAFE, plain_query(), body) == (ErrorCode.forbidden, "bad_signature")
    good = plain_query()
    query = PushQuery(signature=good.signature, timestamp=good.timestamp, nonce=good.nonce, msg_signature="")
    assert refusal(SAFE, query, body) == (ErrorCode.forbidden, "bad_signature")


@pytest.mark.parametrize(
    "change",
    [
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"msg_signature": "茶" * 40},
        {"timestamp": str(SAFE_AT + 1)},
        {"timestamp": "-1714112445"},
        {"timestamp": "9" * 5000},
        {"timestamp": "١٧١٤١١٢٤٤٥"},
        {"nonce": ""},
        {"nonce": "415670741\n"},
        {"nonce": "n" * 300},
    ],
)
def test_a_forged_address_is_refused(change):
    query = PushQuery(
        **{
            "timestamp": SAFE_QUERY.timestamp,
            "nonce": SAFE_QUERY.nonce,
            "msg_signature": SAFE_QUERY.msg_signature,
        }
        | change
    )
    assert refusal(SAFE, query, SAFE_BODY) == (ErrorCode.forbidden, "bad_signature")


def test_a_changed_or_truncated_ciphertext_is_refused_by_its_signature():
    for sealed in (ENCRYPT[:-4], ENCRYPT[4:], "A" + ENCRYPT[1:], ENCRYPT[:-1] + "A", ""):
        body = json.dumps({"Encrypt": sealed}).encode()
        assert refusal(SAFE, SAFE_QUERY, body) == (ErrorCode.forbidden, "bad_signature")


@pytest.mark.parametrize("ago_s", [301, -301, 86_400])
def test_a_push_is_good_for_five_minutes(ago_s):
    assert refusal(SAFE, SAFE_QUERY, SAFE_BODY, (SAFE_AT + ago_s) * 1000) == (ErrorCode.forbidden, "stale")
    assert open_push(SAFE, SAFE_QUERY, SAFE_BODY, (SAFE_AT + 299) * 1000)


def test_without_a_token_nothing_verifies():
    nobody = PushKeys("", "")
    query = PushQuery(signature=sign("", str(SAFE_AT), "n"), timestamp=str(SAFE_AT), nonce="n", echostr="1")
    assert refusal(nobody, query, json.dumps(TEXT).encode()) == (ErrorCode.forbidden, "bad_signature")
    with pytest.raises(AppError):
        push.verify_url(nobody, query, SAFE_AT * 1000)


@pytest.mark.parametrize("sealed", ["", "A", "not base64!", "AAAA", "A" * 44, "A" * 4096])
def test_what_is_signed_and_still_no_ciphertext_is_malformed(sealed):
    query = PushQuery(timestamp=str(SAFE_AT), nonce="n", msg_signature=sign(TOKEN, str(SAFE_AT), "n", sealed))
    body = json.dumps({"Encrypt": sealed}).encode()
    assert refusal(SAFE, query, body) == (ErrorCode.bad_request, "malformed")


def test_what_was_encrypted_for_another_app_is_malformed():
    query, body = safe(json.dumps(TEXT).encode(), PushKeys("wxother", TOKEN, SAFE.aes_key))
    assert refusal(SAFE, query, body) == (ErrorCode.bad_request, "malformed")


def test_a_length_that_leads_beyond_the_text_is_malformed():
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(256).padder()
    for length in (0xFFFFFFFF, 5):
        padder = PKCS7(256).padder()
        padded = padder.update(b"r" * 16 + length.to_bytes(4) + b"hi" + APPID.encode()) + padder.finalize()
        encryptor = push._cipher(SAFE).encryptor()
        sealed = push.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
        with pytest.raises(AppError):
            push.decrypt(SAFE, sealed)


def test_padding_is_of_32_byte_blocks_and_no_other():
    for size in range(40):
        sealed = encrypt(SAFE, b"x" * size)
        assert len(push.b64decode(sealed)) % 32 == 0
        assert push.decrypt(SAFE, sealed) == b"x" * size


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"FromUserName": 5, "MsgType": "text"}',
        b'{"MsgType": "text"}',
        b'{"FromUserName": "o", "MsgType": ""}',
        b'{"FromUserName": "o\\u0000", "MsgType": "text"}',
        b'{"FromUserName": "o\\n", "MsgType": "text"}',
        b'{"FromUserName": "o", "MsgType": "event", "Event": "a b"}',
        b'{"a":' * 10_000,
        b"[" * 60_000,
        b'{"FromUserName": "o", "MsgType": "text", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b"<xml><FromUserName>o</FromUserName>",
        b"<xml>" + b"<a>" * 20_000,
        b"<xml>" + b"<a/>" * 10_000 + b"</xml>",
        b"<xml><MsgType>text</MsgType><MsgType>image</MsgType><FromUserName>o</FromUserName></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><FromUserName>&a;</FromUserName></xml>',
    ],
)
def test_a_signed_body_that_can_not_be_read_is_malformed(body):
    assert refusal(PLAIN, plain_query(), body) == (ErrorCode.bad_request, "malformed")


def test_entities_that_would_grow_or_lead_outside_are_refused_before_anything_is_read():
    bomb = '<!DOCTYPE l [<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};&a{n - 1};&a{n - 1};&a{n - 1};&a{n - 1};">' for n in range(1, 30)
    )
    bomb += "]><xml><FromUserName>&a29;</FromUserName></xml>"
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><a>&f;</a></xml>'
    parameter = '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><xml><a>b</a></xml>'
    tracemalloc.start()
    begun = time.process_time()
    for hostile in (bomb, outside, parameter):
        with pytest.raises(Malformed):
            read_flat(hostile.encode())
    assert time.process_time() - begun < 0.5
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_body_that_is_too_large_is_refused_before_it_is_read():
    assert refusal(PLAIN, plain_query(), b"{" * (push.MAX_BODY + 1))[0] is ErrorCode.too_large


def test_a_claimed_encoding_changes_nothing():
    text = write_flat(TEXT).decode()
    claimed = f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode()
    assert read_flat(claimed)["Content"] == "你好"


def test_xml_texts_survive_their_own_markup():
    said = {"a": "]]><b>&amp;", "b": "一\n二"}
    assert read_flat(write_flat(said)) == said


def test_messages_are_told_apart_by_their_id_and_events_by_who_and_when():
    def key(**change: object) -> str:
        body = json.dumps({**TEXT, **change}).encode()
        return open_push(PLAIN, plain_query(), body, SAFE_AT * 1000).key

    assert key() == key(Content="sent again") == "m:23"
    assert key(MsgId="24") == "m:24"
    enter = {"MsgType": "event", "Event": "user_enter_tempsession", "MsgId": 0}
    assert key(**enter) == key(**enter, SessionFrom="again") != key(**enter, CreateTime=SAFE_AT + 1)
    assert key(MsgId=0) == key(MsgId=0) != key(MsgId=0, Content="其他")


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "茶" * 43])
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(AppError):
        read_aes_key(text)


def test_keys_do_not_print_themselves():
    assert TOKEN not in repr(SAFE) and "aes" not in repr(SAFE)
