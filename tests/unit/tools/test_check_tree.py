"""Each rule finds the fault it is there for. Faults are put together at run time, so that this file has none."""

import subprocess
from pathlib import Path

import pytest

from tools import check_tree

HOME = "/ho" + "me/lin/chaguan"
KEY = "-----BEGIN RSA PRIV" + "ATE KEY-----"
TO_DO = "TO" + "DO"


@pytest.mark.parametrize(
    ("path", "text", "finding"),
    [
        ("docs/a.md", f"cd {HOME}", "a path of somebody's machine"),
        ("deploy/x.toml", 'data = "/ro' + 'ot/data"', "a path of somebody's machine"),
        ("tests/key.pem", KEY, "looks like a private key"),
        ("src/chaguan/a.py", "k = 'AKIA" + "ABCDEFGHIJKLMNOP'", "looks like a cloud access key"),
        ("src/chaguan/a.py", 'app_secret = "' + "0a" * 16 + '"', "looks like a secret value"),
        ("a.yaml", "token: ghp" + "_" + "a" * 36, "looks like a personal token"),
        ("a.md", "https://lin:secret" + "@example.com/", "looks like credentials in an address"),
        ("src/chaguan/a.py", f"# {TO_DO}: later", "an open point without an issue number"),
        ("clients/sdk/src/a.ts", "// FIX" + "ME", "an open point without an issue number"),
        (
            "clients/package-lock.json",
            '"resolved": "https://registry.example/a.tgz"',
            "an address in a lock file",
        ),
        ("requirements/server.txt", "--index-url https://mirror.example/simple", "an address in a lock file"),
        ("requirements/server.txt", "a @ https://mirror.example/a.whl", "an address in a lock file"),
    ],
)
def test_a_planted_line_is_found(path: str, text: str, finding: str) -> None:
    assert [found.split(": ", 1)[1] for found in check_tree.check_text(path, f"fine\n{text}\n")] == [finding]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/chaguan/a.py", f"# {TO_DO}(#12): later"),
        ("docs/a.md", f"no {TO_DO} without a number"),
        ("docs/a.md", "the folder ~/.local/home/x and https://example.com/home/index"),
        ("clients/package-lock.json", '"resolved": "sdk", "link": true'),
        ("clients/package-lock.json", '"funding": { "url": "https://opencollective.com/eslint" }'),
        ("requirements/server.txt", "a==1 \\\n    --hash=sha256:00"),
        ("docs/a.md", "tls: https://example.com:8443/path"),
        ("src/chaguan/a.py", 'k = "x"  # tree-rule: example, ' + HOME),
    ],
)
def test_what_only_resembles_a_fault_passes(path: str, text: str) -> None:
    assert list(check_tree.check_text(path, text)) == []


@pytest.mark.parametrize(
    "path",
    ["uv.lock", "clients/yarn.lock", "src/chaguan/utils/x.py", "src/chaguan/helpers.py", "a/common/x.json"],
)
def test_a_forbidden_name_is_found(path: str) -> None:
    assert len(list(check_tree.check_name(path))) == 1


@pytest.mark.parametrize(
    "path", ["clients/tsconfig.base.json", "docs/common.md", "src/chaguan/core/errors.py"]
)
def test_other_names_pass(path: str) -> None:
    assert list(check_tree.check_name(path)) == []


def test_a_large_file_and_a_long_source_are_found() -> None:
    assert list(check_tree.check_size("docs/film.bin", b"\0" * (600 * 1024))) == [
        "docs/film.bin: 600 KiB, more than 512"
    ]
    assert list(check_tree.check_size("docs/images/film.png", b"\0" * (600 * 1024))) == []
    assert len(list(check_tree.check_size("src/chaguan/a.py", b"x = 1\n" * 501))) == 1
    assert list(check_tree.check_size("src/chaguan/a.py", b"x = 1\n" * 500)) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    known = {"docs/adr/0001.md", "README.md", "docs/how-to/run.md"}
    text = "[a](adr/0001.md#why) [b](../README.md) [c](how-to) [d](https://x.example) [e](gone.md)\n```\n[f](g.md)\n```\n<!-- ![h](h.png) -->"
    assert list(check_tree.check_links("docs/index.md", text, known)) == [
        "docs/index.md: the link to gone.md leads nowhere"
    ]


def test_a_version_that_differs_between_server_and_dev_is_found() -> None:
    dev = "a==1.0 \\\n  --hash=sha256:0\nb==2 ; python_version < '3.12' \\\nb==3 ; python_version >= '3.12' \\\n"
    assert list(check_tree.check_pins("a==1.0 \\\nb==2 ; x\nb==3 ; y\n", dev)) == []
    assert list(check_tree.check_pins("a==1.1 \\\nc==1\n", dev)) == [
        "requirements: server.txt pins a 1.1, dev.txt 1.0",
        "requirements: server.txt pins c 1, dev.txt nothing",
    ]


def test_binary_and_foreign_encodings_are_told_apart() -> None:
    assert list(check_tree.check_file("a.png", b"\x89PNG\0" + KEY.encode(), set())) == []
    assert list(check_tree.check_file("a.txt", "茶".encode("gbk"), set())) == ["a.txt: not UTF-8"]


def test_files_not_yet_added_are_looked_at_and_ignored_ones_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("made/\n")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.txt").write_text("x")
    (tmp_path / "new.txt").write_text("x")
    assert check_tree.tracked(tmp_path) == [".gitignore", "new.txt"]


def test_decisions_with_one_number_or_one_title_or_another_number_than_they_say_are_found() -> None:
    fine = {"docs/adr/0001-tea.md": "# 1. Tea\n", "docs/adr/0010-milk.md": "# 10. Milk\n"}
    assert list(check_tree.check_decisions(fine)) == []
    (doubled,) = check_tree.check_decisions({**fine, "docs/adr/0010-water.md": "# 10. Water\n"})
    assert doubled == "docs/adr/0010-water.md: docs/adr/0010-milk.md has `0010` already"
    (again,) = check_tree.check_decisions({**fine, "docs/adr/0011-tea.md": "# 11. Tea\n"})
    assert again == "docs/adr/0011-tea.md: docs/adr/0001-tea.md has `tea` already"
    (wrong,) = check_tree.check_decisions({**fine, "docs/adr/0011-cups.md": "# 10. Cups\n"})
    assert wrong == "docs/adr/0011-cups.md: its first line is `# 11. ` and the decision"
