"""The code in the how-to pages does what the pages say."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from chaguan import doctor
from chaguan.accounts import Scope
from chaguan.accounts.user_tokens import AppSecret, verify_user_token
from chaguan.app import open_deployment
from chaguan.core.settings import Settings, load
from chaguan.desk.context import signed_headers
from chaguan.infra.blob_stores import bucket_of
from chaguan.infra.together import refuse_many
from tests.e2e.deployed import chaguan, free_port, settled
from tests.e2e.process import chaguan as cli

HOW_TO = Path("docs/how-to")
PRODUCTION = ["serve-in-production.md", "serve-in-production.zh-CN.md"]
PAGES = ["connect-your-business.md", "connect-your-business.zh-CN.md"]
BACKUPS = ["back-up-and-restore.md", "back-up-and-restore.zh-CN.md"]
SECRET = "a secret of an app, long enough to be one"


def block(page: str, language: str, name: str) -> str:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```{language} {name}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found


def python(page: str, name: str) -> dict:
    space: dict = {}
    exec(block(page, "python", name), space)
    return space


def program(command: list[str], stdin: str) -> str:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=20, check=True).stdout


def claims_of(token: str):
    return verify_user_token(token.strip(), "a_1", [AppSecret(SECRET)], int(time.time() * 1000))


@pytest.mark.parametrize("page", PAGES)
def test_the_python_that_signs_a_user_token_is_believed(page):
    told = claims_of(python(page, "sign-token")["user_token"]("a_1", SECRET, "customer-17", "张三"))
    assert (told.subject, told.name) == ("customer-17", "张三")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_javascript_that_signs_a_user_token_is_believed(page):
    call = f"console.log(userToken('a_1', '{SECRET}', 'customer-17', '张三'))"
    told = claims_of(program(["node", "-"], block(page, "js", "sign-token") + call))
    assert (told.subject, told.name) == ("customer-17", "张三")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_shell_that_signs_a_user_token_is_believed(page):
    call = f"user_token a_1 '{SECRET}' customer-17"
    assert claims_of(program(["sh"], block(page, "sh", "sign-token") + call)).subject == "customer-17"


@pytest.mark.parametrize("page", PAGES)
def test_the_check_of_the_context_url_takes_what_is_signed_once_and_nothing_else(page):
    check = python(page, "verify-context")["is_from_chaguan"]
    path, now = "/context?user=17&app=a_1", int(time.time() * 1000)

    def headers(secret=SECRET, at=now):
        signed = signed_headers(f"https://shop.example{path}", secret, at)
        return {name.lower(): value for name, value in signed.items()}

    good = headers()
    assert check(SECRET, path, good)
    assert not check(SECRET, path, good)
    assert not check(SECRET, "/context?user=18&app=a_1", headers())
    assert not check(SECRET, path, headers(secret="another"))
    assert not check(SECRET, path, headers(at=now - 400_000))
    assert not check(SECRET, path, {})


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_javascript_check_of_the_context_url_takes_the_same(page):
    path, now = "/context?user=17&app=a_1", int(time.time() * 1000)
    good, late = (
        {
            name.lower(): value
            for name, value in signed_headers(f"https://shop.example{path}", SECRET, at).items()
        }
        for at in (now, now - 400_000)
    )
    asked = [(SECRET, path, good)] * 2 + [
        (SECRET, path, late),
        ("another", path, good),
        (SECRET, "/context?user=18&app=a_1", good),
        (SECRET, path, {}),
    ]
    call = f"console.log(JSON.stringify({json.dumps(asked)}.map((one) => isFromChaguan(...one))))"
    told = json.loads(program(["node", "-"], block(page, "js", "verify-context") + call))
    assert told == [True, False, False, False, False, False]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A deployment that is served, with its app and a key for everything."""
    data = tmp_path_factory.mktemp("documents") / "data"
    town = settled(data)

    async def key() -> str:
        deployment = await open_deployment(Settings(data_dir=str(data)))
        shown = await deployment.accounts.keys.create(town.owner, "documents", list(Scope))
        await deployment.http.close()
        await deployment.db.close()
        return shown.key

    shown, port = asyncio.run(key()), free_port()
    server = chaguan(data, port)
    yield {"CHAGUAN": f"http://127.0.0.1:{port}", "API_KEY": shown, "APP_ID": town.app_id}
    server.stop()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_calls_of_the_server_api_work_as_written(served, page):
    given = "".join(f"{name}='{value}'\n" for name, value in served.items())
    answers = program(["sh", "-e"], given + block(page, "sh", "server-api"))
    decoder = json.JSONDecoder()
    user, end = decoder.raw_decode(answers)
    opened, _ = decoder.raw_decode(answers[end:].lstrip())
    assert user["user"]["name"] == "张三"
    assert opened["view"]["conversation"]["kind"] == "service"


@pytest.mark.parametrize("page", PAGES)
def test_a_card_about_an_order_is_sent_once_however_often_it_is_tried(served, page):
    url = f"{served['CHAGUAN']}/v1/users/customer-18?app_id={served['APP_ID']}"
    with httpx.Client(trust_env=False, headers={"authorization": f"Bearer {served['API_KEY']}"}) as web:
        web.put(url, json={"name": "李四"}).raise_for_status()
    tell = python(page, "send-card")["tell_of_order"]
    given = (served["CHAGUAN"], served["API_KEY"], served["APP_ID"], "customer-18", f"T-{page}", "已发货")
    first, second = tell(*given), tell(*given)
    assert first == second and first["seq"] >= 1


@pytest.mark.parametrize("page", PRODUCTION)
def test_the_configuration_for_production_is_one_that_doctor_finds_nothing_against(page, tmp_path):
    config = tmp_path / "chaguan.toml"
    config.write_text(block(page, "toml", "production"), encoding="utf-8")
    settings = load(config, data_dir=str(tmp_path), port=free_port())
    tmp_path.chmod(0o700)
    assert (settings.name, settings.limits.video) == ("云岫茶铺", 52_428_800)
    assert [finding.text for finding in doctor.examine(settings) if finding.level != "ok"] == []


@pytest.mark.parametrize("page", [*PRODUCTION, *PAGES])
def test_both_languages_hold_the_same_code(page):
    def code(name: str) -> list[str]:
        blocks = re.findall(
            r"^```\w+ [\w-]+\n.*?^```$", (HOW_TO / name).read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
        return [re.sub("#.*", "", text) for text in blocks]

    assert code(page) and code(page) == code(page.replace(".zh-CN", ""))


@pytest.mark.parametrize("page", BACKUPS)
def test_the_rehearsal_of_a_restore_works_as_it_is_written(page, tmp_path):
    settled(tmp_path / "data")
    backup = tmp_path / "chaguan.tar"
    assert cli("backup", "--data-dir", str(tmp_path / "data"), str(backup)).returncode == 0
    places = {
        "/tmp/rehearsal": str(tmp_path / "rehearsal"),
        "/safe/master.key": str(tmp_path / "data" / "master.key"),
        "/backup/chaguan.tar": str(backup),
        "8099": str(free_port()),
    }
    text = block(page, "sh", "rehearsal")
    for written, meant in places.items():
        text = text.replace(written, meant)
    restore, doctor_, serve = (shlex.split(line)[1:] for line in text.splitlines())
    assert cli(*restore).returncode == 0
    assert "opens this data" in cli(*doctor_).stdout
    program = chaguan(tmp_path / "rehearsal", int(places["8099"]))
    program.stop()
    assert serve == ["serve", "--data-dir", places["/tmp/rehearsal"], "--port", places["8099"]]


@pytest.mark.parametrize("page", BACKUPS)
def test_the_bucket_of_the_page_is_one_that_is_understood(page, tmp_path):
    (tmp_path / "secret").write_text("hush")
    text = block(page, "toml", "bucket").replace("/etc/chaguan/s3-secret", str(tmp_path / "secret"))
    (tmp_path / "chaguan.toml").write_text(text, encoding="utf-8")
    bucket = bucket_of(load(tmp_path / "chaguan.toml"))
    assert bucket is not None and bucket.endpoint == "https://tea-house.oss-cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize("page", ["grow-to-many.md", "grow-to-many.zh-CN.md"])
def test_the_settings_for_many_nodes_work(page, tmp_path):
    file, secret = tmp_path / "chaguan.toml", tmp_path / "s3-secret"
    secret.write_text("hush")
    file.write_text(block(page, "toml", "many").replace("/etc/chaguan/s3-secret", str(secret)))
    settings = load(file)
    refuse_many(settings, "several")
    assert bucket_of(settings) is not None and not settings.consumers
