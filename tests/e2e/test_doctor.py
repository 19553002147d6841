"""`chaguan doctor` and `serve --config`, as programs: each finding provoked, then mended as it advises."""

import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from chaguan import doctor
from chaguan.core.settings import Settings
from tests.e2e.deployed import certificate, free_port, settled


@pytest.fixture
def data(tmp_path, deployment) -> Path:
    """A deployment of its own, copied: making one takes a second."""
    shutil.copytree(deployment, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "data"
    settled(folder)
    return folder


def of(data: Path, **more) -> Settings:
    values = {"data_dir": str(data), "port": free_port(), "public_url": "https://im.example.com", **more}
    return Settings(**values)


def found(settings: Settings, level: str) -> list[str]:
    return [finding.text for finding in doctor.examine(settings) if finding.level == level]


def complaints(settings: Settings) -> list[str]:
    return found(settings, "warn") + found(settings, "fault")


def test_a_healthy_deployment_gets_no_complaint(data):
    assert complaints(of(data)) == []
    assert len(found(of(data), "ok")) == 6


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path):
    (text,) = complaints(of(tmp_path / "none"))
    assert "does not exist yet" in text and "chaguan serve" in text


def test_a_folder_that_others_may_read_is_named_until_it_is_private(data):
    data.chmod(0o755)
    (text,) = found(of(data), "warn")
    assert f"chmod 700 {data}" in text
    data.chmod(0o700)
    assert complaints(of(data)) == []


def test_a_folder_that_cannot_be_written_is_a_fault(data, monkeypatch):
    # The tests may run as root, whom no mode stops.
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    (text,) = found(of(data), "fault")
    assert "can't be written" in text


def test_a_full_disk_is_named(data, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 5, 5 * 1024**2))
    (text,) = found(of(data), "warn")
    assert text.startswith("! 5 MiB are free")


def test_a_damaged_database_is_a_fault_and_a_restored_one_is_not(data):
    file = data / "chaguan.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + os.urandom(len(whole) - 8192))
    assert any("database" in text and "backup" in text for text in found(of(data), "fault"))
    file.write_bytes(b"nothing of the kind" * 1000)
    assert any("can't be opened" in text for text in found(of(data), "fault"))
    file.write_bytes(whole)
    assert complaints(of(data)) == []


def test_a_missing_or_foreign_or_open_master_key_is_a_fault_until_the_right_one_is_back(data, tmp_path):
    key = data / "master.key"
    right = key.read_bytes()
    key.unlink()
    assert any("master.key" in text for text in found(of(data), "fault"))
    settled(tmp_path / "other")
    key.write_bytes((tmp_path / "other" / "master.key").read_bytes())
    key.chmod(0o600)
    (text,) = found(of(data), "fault")
    assert "belongs to this data" in text
    key.write_bytes(right)
    key.chmod(0o644)
    assert any("chmod 600" in text for text in found(of(data), "fault"))
    key.chmod(0o600)
    assert complaints(of(data)) == []


def test_a_taken_port_is_named_until_it_is_free(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = of(data, port=taken.getsockname()[1])
        (text,) = found(settings, "warn")
        assert "can't be opened now" in text
    assert complaints(settings) == []


def test_certificates_are_looked_into(data, tmp_path):
    authority = trustme.CA()

    def ends_in(days: int) -> Settings:
        cert = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=days, hours=1))
        cert.private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
        return of(data, tls_certificate=str(tmp_path / "pem"), tls_key=str(tmp_path / "pem"))

    assert "expires in 5 days" in found(ends_in(5), "warn")[0]
    assert "has expired" in found(ends_in(-2), "fault")[0]
    assert complaints(ends_in(90)) == []
    (tmp_path / "pem").write_text("not a certificate")
    assert "can't be used" in found(of(data, tls_certificate=str(tmp_path / "pem")), "fault")[0]


def test_what_strangers_could_reach_is_named(data):
    assert "is on: anybody can sign in" in found(of(data, demo=True), "warn")[0]
    assert "is on: anybody can sign in" in found(of(data, sandbox=True, host="0.0.0.0"), "fault")[0]
    (text,) = found(of(data, host="0.0.0.0"), "warn")
    assert "without TLS" in text
    assert complaints(of(data, host="0.0.0.0", trusted_proxies=["10.0.0.1"])) == []
    (text,) = found(of(data, public_url=""), "warn")
    assert "public_url" in text


def test_few_descriptors_are_named(data, monkeypatch):
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _: (1024, 1024))
    (text,) = found(of(data), "warn")
    assert "LimitNOFILE" in text


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chaguan.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_command_exits_with_1_on_a_fault_and_with_0_without(data):
    (data / "master.key").rename(data / "hidden.key")
    broken = run("doctor", "--data-dir", str(data))
    assert broken.returncode == 1 and "✗" in broken.stdout
    (data / "hidden.key").rename(data / "master.key")
    mended = run("doctor", "--data-dir", str(data))
    assert mended.returncode == 0 and "✗" not in mended.stdout


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 'eighty'", "$.port"),
        ("prot = 8080", "prot"),
        ("[limits]\nimage = 'large'", "$.limits.image"),
        ("[limits]\nimages = 5", "images"),
        ("port = ", "not valid TOML"),
        ("trusted_proxies = ['proxy.local']", "proxy.local"),
        ("tls_certificate = 'only.pem'", "tls_key"),
        ("tls_certificate = 'no.pem'\ntls_key = 'no.key'", "no.pem"),
    ],
)
def test_a_configuration_that_cannot_work_is_one_sentence_and_exit_code_2(tmp_path, text, named):
    config = tmp_path / "chaguan.toml"
    config.write_text(f"{'' if 'port' in text else 'port = 0'}\n{text}\n")
    done = run("serve", "--data-dir", str(tmp_path / "data"), "--config", str(config))
    assert done.returncode == 2, done
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("chaguan: ") and named in line


def test_a_configuration_that_is_not_there_is_one_sentence_and_exit_code_2(tmp_path):
    done = run("serve", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "none.toml" in done.stderr


def test_a_certificate_that_is_refused_names_itself(tmp_path):
    pem = certificate(trustme.CA(), tmp_path)
    (tmp_path / "broken.key").write_text("-")
    done = run(
        "serve",
        "--port",
        "0",
        "--data-dir",
        str(tmp_path / "data"),
        "--tls",
        str(pem),
        str(tmp_path / "broken.key"),
    )
    assert done.returncode == 2 and str(pem) in done.stderr and len(done.stderr.strip().splitlines()) == 1
