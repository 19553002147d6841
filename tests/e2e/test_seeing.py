"""What an operator sees of a running deployment, from outside: metrics, readiness, the log."""

import asyncio
import json
import re
import urllib.error
import urllib.request

import pytest

from chaguan.metrics.catalogue import BY_NAME
from tests.e2e.process import Served, chaguan, free_port

TOKEN = "a-token-for-scrapers-only"
WORDS = "翠湖路五号的茶"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeing")
    port = free_port()
    config = folder / "chaguan.toml"
    config.write_text(
        f'metrics_listen = "127.0.0.1:{port}"\nmetrics_token = "{TOKEN}"\nlog_format = "json"\n'
        'log_level = "debug"\nslow_ms = 0\n'
    )

    async def start() -> Served:
        return await (await Served(folder / "data", "--config", str(config)).start()).set_up()

    server = asyncio.run(start())
    server.metrics = f"http://127.0.0.1:{port}"
    yield server
    server.kill()


def fetch(url: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def scrape(served: Served) -> dict[str, float]:
    status, page = await asyncio.to_thread(fetch, f"{served.metrics}/metrics", TOKEN)
    assert status == 200
    lines = [line for line in page.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_what_happens_is_counted(served: Served) -> None:
    client, room = await served.customer("counted")
    before = await scrape(served)
    for _ in range(5):
        await client.say(room, WORDS)
    await client.raw("send_message", conversation_id="s_nowhere", client_msg_id="x", content={})
    assert "error" in await client.raw("get_conversation", conversation_id="g_none")
    after = await scrape(served)
    sent = 'chaguan_commands_total{type="send_message",outcome="ok"}'
    assert after[sent] - before.get(sent, 0) == 5
    assert after['chaguan_commands_total{type="get_conversation",outcome="not_found"}'] == 1
    assert after["chaguan_batch_entries_sum"] - before["chaguan_batch_entries_sum"] >= 5
    assert after["chaguan_commit_seconds_sum"] > before["chaguan_commit_seconds_sum"]
    assert after["chaguan_push_lag_seconds_count"] == after["chaguan_commit_seconds_count"]
    assert after["chaguan_sessions"] >= 1 and after["chaguan_topics"] >= 2
    assert after["chaguan_ready"] == 1
    assert after['chaguan_consumer_lag_seconds{consumer="search"}'] >= 0
    assert any(
        "chaguan_http_requests_total" in name and 'route="/v1/auth/staff"' in name for name in after
    ), [name for name in after if "http_requests" in name]
    await client.close()


async def test_every_metric_stands_in_the_manual(served: Served) -> None:
    names = {re.sub(r"[{].*", "", name) for name in await scrape(served)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    assert families <= set(BY_NAME)
    assert {name for name in BY_NAME if name.startswith("process_")} <= families


async def test_paths_that_strangers_make_up_become_no_labels(served: Served) -> None:
    for n in range(5):
        await served.http("GET", f"/v1/made-up/{n}")
    found = [name for name in await scrape(served) if "made-up" in name]
    assert found == []
    assert any('status="404"' in name for name in await scrape(served))


async def test_metrics_are_shown_to_nobody_without_the_token(served: Served) -> None:
    for base in (served.metrics, served.base):
        for token in ("", "wrong", TOKEN[:-1]):
            status, page = await asyncio.to_thread(fetch, f"{base}/metrics", token)
            assert status == 401 and "chaguan_sessions" not in page
        status, page = await asyncio.to_thread(fetch, f"{base}/metrics", TOKEN)
        assert status == 200 and "chaguan_sessions" in page


async def test_without_any_setting_metrics_are_refused(tmp_path) -> None:
    plain = await Served(tmp_path / "data").start()
    try:
        status, page = await asyncio.to_thread(fetch, f"{plain.base}/metrics")
        assert status == 403 and "metrics_token" in page and "chaguan_sessions" not in page
    finally:
        plain.kill()


async def test_the_listener_answers_health_and_ready_without_a_token(served: Served) -> None:
    assert (await asyncio.to_thread(fetch, f"{served.metrics}/ready"))[0] == 200
    status, page = await asyncio.to_thread(fetch, f"{served.metrics}/health")
    assert (status, json.loads(page)["status"]) == (200, "ok")
    assert (await asyncio.to_thread(fetch, f"{served.metrics}/v1/me"))[0] == 404


def lines_of(served: Served) -> list[dict]:
    return [json.loads(line) for line in served.log.splitlines() if line.startswith("{")]


async def test_a_commands_trace_leads_from_dispatch_to_push(served: Served) -> None:
    client, room = await served.customer("traced")
    before = len(lines_of(served))
    await client.say(room, WORDS)
    async with asyncio.timeout(5):
        while not (found := [x for x in lines_of(served)[before:] if "SendMessage" in x["message"]]):
            await asyncio.sleep(0.02)
    same = [line for line in lines_of(served) if line.get("trace_id") == found[0]["trace_id"]]
    assert [line["message"] for line in same] == [
        "slow SendMessage",
        "log writer: batch stored",
        "pushes handed out",
    ]
    assert same[1]["batch"] == same[2]["batch"]
    await client.close()


async def test_an_http_answers_trace_stands_in_the_log(served: Served) -> None:
    def ask() -> str:
        with urllib.request.urlopen(f"{served.base}/health", timeout=10) as answer:
            return answer.headers["x-trace-id"]

    following = await asyncio.to_thread(ask)
    async with asyncio.timeout(5):
        while not any(line.get("trace_id") == following for line in lines_of(served)):
            await asyncio.sleep(0.02)


async def test_the_log_holds_no_words_no_tokens_no_names_and_no_addresses(served: Served) -> None:
    """With everything logged that can be."""
    client, room = await served.customer("private-person")
    sent = await client.say(room, WORDS)
    await client.ask("search_messages", query=WORDS[:3])
    assert "error" in await client.raw("edit_message", conversation_id=room, content=WORDS)
    assert "error" in await client.raw(
        "send_message", conversation_id=room, client_msg_id=WORDS, content=WORDS
    )
    await served.http(
        "POST", "/v1/auth/staff", {"email": "boss@tea.example", "password": WORDS, "device_id": "d"}
    )
    await served.http("GET", f"/v1/users/{'private-person'}?app_id=x", token=served.token("private-person"))
    assert sent["seq"]
    await client.close()
    log = "\n".join(line for line in served.log.splitlines() if line.startswith("{"))
    assert log
    secrets = (
        WORDS,
        WORDS[:3],
        served.owner_token,
        served.secret,
        "boss@tea.example",
        "private-person",
        "eyJ",
        TOKEN,
    )
    for secret in (*secrets, "127.0.0.1"):
        assert secret not in log, secret


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('metrics_listen = "0.0.0.0:9464"', "metrics_token"),
        ('metrics_listen = "8.8.8.8:9464"', "metrics_token"),
        ('metrics_listen = "localhost"', "127.0.0.1:9464"),
        ('metrics_token = "short"', "16 characters"),
        ('log_format = "xml"', "human, json"),
        ('log_level = "loud"', "debug, info"),
    ],
)
def test_settings_that_would_show_too_much_or_nothing_are_refused_in_one_sentence(
    tmp_path, line, advice
) -> None:
    config = tmp_path / "chaguan.toml"
    config.write_text(line + "\n")
    ended = chaguan("serve", "--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert ended.returncode == 2 and advice in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
