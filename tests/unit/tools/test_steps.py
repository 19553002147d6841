import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser_env, check, node_env, python_env, setup, steps
from tools import test as test_run
from tools.steps import Stamp, StepFailed, digest, run_step


def test_a_stamp_is_fresh_only_for_the_inputs_it_was_put_for(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("one")
    before = Stamp(tmp_path / "out" / ".stamp", digest([source]))
    assert not before.is_fresh
    before.put()
    assert before.is_fresh
    source.write_text("two")
    assert not Stamp(tmp_path / "out" / ".stamp", digest([source])).is_fresh


def test_a_file_that_only_changes_its_name_changes_the_hash(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("same")
    second.write_text("same")
    assert digest([first]) != digest([second])


def test_a_step_that_succeeds_is_one_line_and_its_output_is_returned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = run_step("Counting", [sys.executable, "-c", "print('one two')"], otherwise="no")
    assert output == "one two\n"
    shown = capsys.readouterr().out
    assert "Counting" in shown
    assert "one two" not in shown


def test_a_failed_step_shows_its_whole_output_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    script = "print('\\n'.join(f'line {n}' for n in range(300))); raise SystemExit(3)"
    with pytest.raises(StepFailed, match=r"^Ask the tea master\.$"):
        run_step("Brewing", [sys.executable, "-c", script], otherwise="Ask the tea master.")
    shown = capsys.readouterr().out
    assert all(f"line {number}\n" in shown for number in range(300))
    assert "Brewing: failed after" in shown


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("npm error code ENOTFOUND", "network"),
        ("NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure", "network"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "pinned"),
        ("OSError: [Errno 28] No space left on device", "disk"),
        ("EACCES: permission denied", "belongs to someone else"),
    ],
)
def test_the_sentence_fits_the_fault(output: str, word: str) -> None:
    assert word in steps.advice(output, "otherwise")


def test_a_missing_program_is_a_sentence_and_no_traceback() -> None:
    with pytest.raises(StepFailed, match=r"no-such-program is missing\. Install it\."):
        run_step("Trying", ["no-such-program"], otherwise="Install it.")


@pytest.mark.parametrize(
    ("version", "suitable"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v18.20.4", False),
        ("v21.7.0", False),
        ("v22.12.0", False),
        ("v22.13.0", True),
        ("v24.19.0", True),
        ("", False),
        ("segmentation fault", False),
    ],
)
def test_only_a_node_that_the_build_runs_on_is_taken(version: str, suitable: bool) -> None:
    assert node_env.is_suitable(version) is suitable


def test_a_node_without_npm_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v24.1.0\n")
    node.chmod(0o755)
    monkeypatch.setattr(node_env, "environment", lambda: {"PATH": str(tmp_path)})
    assert node_env.find_node() is None
    (tmp_path / "npm").write_text("#!/bin/sh\n")
    (tmp_path / "npm").chmod(0o755)
    assert node_env.find_node() == "v24.1.0"


def test_a_pip_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = python_env.pip_wheel()
    (tmp_path / "tools").mkdir()
    forged = tmp_path / "tools" / real.name
    forged.write_bytes(real.read_bytes() + b"!")
    monkeypatch.setattr(python_env, "ROOT", tmp_path)
    with pytest.raises(StepFailed, match="not the one named"):
        python_env.pip_wheel()


def test_the_web_build_is_redone_for_sources_and_not_for_what_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_env, "CLIENTS", tmp_path / "clients")
    monkeypatch.setattr(node_env, "ROOT", tmp_path)
    for name in (
        "sdk/src/a.ts",
        "sdk/test/a.ts",
        "sdk/src/a.test.ts",
        "sdk/dist/a.js",
        "node_modules/x/a.js",
    ):
        file = tmp_path / "clients" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    shop = tmp_path / "examples" / "tea-shop" / "app.json"
    shop.parent.mkdir(parents=True)
    shop.write_text("{}")
    found = {path.relative_to(tmp_path).as_posix() for path in node_env.web_sources()}
    assert found == {"clients/sdk/src/a.ts", "examples/tea-shop/app.json"}


def test_without_a_browser_the_tests_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAGUAN_CHROMIUM", raising=False)
    monkeypatch.setattr(browser_env, "LAUNCHER", tmp_path / "chromium")
    with pytest.raises(FileNotFoundError, match="make test"):
        browser_env.launcher()
    monkeypatch.setenv("CHAGUAN_CHROMIUM", "/opt/browser")
    assert browser_env.launcher() == Path("/opt/browser")


def test_a_python_too_old_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"):
        (tmp_path / name).write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
        (tmp_path / name).chmod(0o755)
    answer = subprocess.run(
        ["/bin/sh", str(steps.ROOT / "tools" / "python"), "-m", "tools.setup", "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer" in answer.stderr
    assert "Python 3.9.2" in answer.stderr


def test_an_unknown_goal_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["everything"]) == 2
    assert "run|test|check" in capsys.readouterr().err


def test_a_failing_check_does_not_hide_the_others_and_fails_the_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted() -> list[check.Check]:
        return [
            check.Check("first", (sys.executable, "-c", "raise SystemExit('broken leaf')")),
            check.Check("second", (sys.executable, "-c", "")),
        ]

    monkeypatch.setattr(check, "checks", planted)
    assert check.main([]) == 1
    shown = capsys.readouterr().out
    assert "broken leaf" in shown
    assert "second               ok" in shown
    assert "Failed: first." in shown


def test_the_long_forms_run_only_when_asked_for() -> None:
    [python, typescript] = test_run.parts([])
    assert "not soak" in python.command
    assert "-n" in python.command
    assert typescript.command[0] == "npm"
    [soak] = test_run.parts(["--soak", "-k", "power"])
    assert "soak" in soak.command and soak.command[-2:] == ("-k", "power")
    [chosen] = test_run.parts(["tests/unit"])
    assert chosen.command[-1] == "tests/unit"
    assert "-n" not in chosen.command


def test_the_chinese_font_of_the_virtual_environment_is_found_whichever_python_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_env, "VENV", tmp_path)
    monkeypatch.setattr(browser_env, "FOLDER", tmp_path)
    with pytest.raises(StepFailed, match="make clean"):
        browser_env._font_configuration()
    font = tmp_path / "lib" / "python3.12" / "site-packages" / "noto_cjk_sans_otc" / "NotoSansCJK-Regular.ttc"
    font.parent.mkdir(parents=True)
    font.touch()
    assert f"<dir>{font.parent}</dir>" in browser_env._font_configuration().read_text()
