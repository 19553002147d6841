"""What a desk does by itself, settled over HTTP on a whole deployment."""

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.core.caller import Role
from chaguan.serving import http_app

ENTRY = {"texts": {"zh-CN": {"question": "退款多久到账？", "answer": "三天内。"}}}


@pytest.fixture
async def ask(town):
    """Asks as an administrator, or as whoever holds the token."""
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    boss = await town.agent_token("boss", Role.admin)
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as web:

        async def asked(method, path, body=None, token=boss, device="dev_boss", **more):
            headers = {"authorization": f"Bearer {token}", "x-device-id": device} | more.pop("headers", {})
            return await web.request(method, path, json=body, headers=headers, **more)

        yield asked


@pytest.fixture
async def shop(ask):
    (shop,) = (await ask("GET", "/v1/admin/shops")).json()["shops"]
    return f"/v1/admin/shops/{shop['id']}"


async def test_an_answer_is_made_changed_tried_and_removed(ask, shop):
    made = await ask("POST", f"{shop}/faq", ENTRY)
    assert made.status_code == 201, made.text
    entry = made.json()
    trial = (await ask("POST", f"{shop}/faq/try", {"text": "退款几天到"})).json()
    assert trial["ranked"][0]["entry_id"] == entry["id"]
    assert 0 <= trial["ranked"][0]["signs"]["likeness"] <= 1
    texts = {"en": {"question": "Refund?", "answer": "Three days."}}
    changed = await ask("PUT", f"{shop}/faq/{entry['id']}", {**ENTRY, "texts": texts})
    assert changed.status_code == 200, changed.text
    page = (await ask("GET", f"{shop}/faq?words=refund")).json()
    assert (page["total"], page["entries"][0]["texts"]) == (1, texts)
    assert (await ask("PUT", f"{shop}/faq/f_none", ENTRY)).status_code == 404
    assert (await ask("DELETE", f"{shop}/faq/{entry['id']}")).status_code == 204
    assert (await ask("DELETE", f"{shop}/faq/{entry['id']}")).status_code == 404
    actions = [each["action"] for each in (await ask("GET", "/v1/admin/audit")).json()["records"]]
    assert actions[:3] == ["faq_removed", "faq_changed", "faq_changed"]


async def test_a_file_is_taken_in_whole_or_not_at_all_and_given_out(ask, shop):
    async def sent(file, kind, **query):
        headers = {"content-type": kind}
        return await ask("POST", f"{shop}/faq/import", content=file, headers=headers, params=query)

    broken = await sent("问题,答案\n退款？,三天\n,没有\n".encode(), "text/csv")
    assert broken.status_code == 200, broken.text
    assert broken.json() == {
        "stored": False,
        "bad_rows": 1,
        "faults": [{"line": 3, "reason": "no_question", "column": "question"}],
    }
    good = await sent("问题,答案\n退款？,三天\n,没有\n".encode("gb18030"), "text/csv", good_only="true")
    assert (good.json()["stored"], good.json()["added"]) == (True, 1)
    out = await ask("GET", f"{shop}/faq/export?format=json")
    assert out.headers["content-type"] == "application/json"
    again = await sent(out.content, "application/json", replace="true")
    assert again.json() == {"stored": True, "changed": 1}
    table = await ask("GET", f"{shop}/faq/export")
    assert table.content.startswith(b"\xef\xbb\xbfid,language,question")
    assert (await sent(b"x", "image/png")).status_code == 400
    assert (await sent(b"x" * (9 * 1024 * 1024), "text/csv")).status_code == 413


async def test_what_nobody_can_mean_is_refused(ask, shop):
    async def refused(method, path, body):
        return (await ask(method, f"{shop}{path}", body)).status_code

    text = {"question": "q", "answer": "a"}
    assert await refused("POST", "/faq", {"texts": {}}) == 400
    assert await refused("POST", "/faq", {"texts": {"fr": text}}) == 400
    assert await refused("POST", "/faq", {"texts": {"en": {**text, "question": "x" * 301}}}) == 400
    picture = {"type": "image", "media_id": "m_of_somebody_else"}
    assert await refused("POST", "/faq", {**ENTRY, "contents": [picture]}) == 400
    assert await refused("POST", "/faq/try", {"text": "x" * 100_000}) == 400
    assert await refused("PUT", "/bot", {"misses": 0}) == 400
    assert await refused("PUT", "/bot", {"keywords": [{"words": [], "texts": {"en": "x"}}]}) == 400
    assert await refused("PUT", "/closing", {"default": {"warn_after_s": 1, "close_after_s": 30}}) == 400
    closing = {"queues": {"q_none": {"warn_after_s": 60, "close_after_s": 30}}}
    assert await refused("PUT", "/closing", closing) == 404


async def test_bot_and_closing_are_settled_and_read_by_agents_who_change_nothing(ask, shop, town):
    agent = await town.agent_token("mei", Role.agent)
    bot = {"enabled": True, "greetings": [{"texts": {"en": "Hi"}}], "misses": 3}
    assert (await ask("PUT", f"{shop}/bot", bot)).json() == bot
    closing = {"default": {"warn_after_s": 600, "close_after_s": 120}}
    assert (await ask("PUT", f"{shop}/closing", closing)).json() == closing
    for path, wanted in (("bot", bot), ("closing", closing)):
        read = await ask("GET", f"{shop}/{path}", token=agent, device="dev_mei")
        assert read.json() == wanted
        assert (await ask("PUT", f"{shop}/{path}", wanted, token=agent, device="dev_mei")).status_code == 403
    answer = await ask("POST", f"{shop}/faq", ENTRY, token=agent, device="dev_mei")
    assert answer.status_code == 403
    actions = [each["action"] for each in (await ask("GET", "/v1/admin/audit")).json()["records"]]
    assert actions[:2] == ["closing_changed", "bot_changed"]


async def test_what_is_typed_is_asked_over_http_too_within_its_bounds(ask, shop, town):
    await ask("POST", f"{shop}/faq", ENTRY)
    token = town.customer_token("li")

    async def command(type, **fields):
        sent = await ask("POST", "/v1/commands", {"type": type, "id": 1, **fields}, token=token, device="d1")
        return sent.status_code, sent.json()

    _, opened = await command("open_service")
    room = opened["ok"]["view"]["conversation"]["id"]
    status, shown = await command("suggest_answers", conversation_id=room, text="退款几天到")
    assert status == 200, shown
    (answer,) = shown["ok"]["answers"]
    assert (answer["question"], answer["answer"], answer["language"]) == (
        "退款多久到账？",
        "三天内。",
        "zh-CN",
    )
    status, refused = await command("suggest_answers", conversation_id=room, text="退" * 301)
    assert status == 400 and "退" not in refused["error"]["detail"]
    assert (await command("suggest_answers", conversation_id="s_none", text="退款"))[0] == 404
    await ask("PUT", f"{shop}/bot", {"suggest": False})
    assert (await command("suggest_answers", conversation_id=room, text="退款"))[1]["ok"] == {"off": True}


async def test_rules_are_settled_in_order_and_what_could_not_work_is_named(ask, shop):
    reply = {"reply": {"zh-CN": "您好"}}
    rules = [
        {"name": "a", "when": "said", "if": {"words": ["发票"]}, "then": reply},
        {"name": "b", "when": "waiting", "minutes": 5, "then": {"close": True}},
    ]
    made = await ask("PUT", f"{shop}/rules", {"rules": rules})
    assert made.status_code == 200, made.text
    ids = [rule.pop("id") for rule in made.json()["rules"]]
    assert made.json()["cuts"] == [] and all(ids)
    read = (await ask("GET", f"{shop}/rules")).json()["rules"]
    assert [rule["id"] for rule in read] == ids and read[0]["if"] == {"words": ["发票"]}
    wrong = await ask("PUT", f"{shop}/rules", {"rules": [{"name": "c", "when": "opened", "then": {}}]})
    assert (wrong.status_code, wrong.json()["error"]["data"]) == (400, {"rule": "c", "field": "then"})
    assert (await ask("PUT", f"{shop}/rules", {"rules": rules * 26})).status_code == 400
    tried = await ask("POST", f"{shop}/rules/try", {"rule": rules[0], "text": "你好"})
    assert tried.status_code == 200 and all(case["unmet"] for case in tried.json()["cases"]), tried.text
    wrong = await ask("POST", f"{shop}/rules/try", {"rule": {"name": "c", "when": "opened", "then": {}}})
    assert wrong.json()["error"]["data"]["field"] == "then"
    actions = [each["action"] for each in (await ask("GET", "/v1/admin/audit")).json()["records"]]
    assert actions[0] == "rules_changed"
