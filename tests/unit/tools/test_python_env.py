"""When packages are installed, and when the virtual environment is made anew. pip itself is not run here."""

import shutil
import sys
from pathlib import Path

import pytest

from tools import python_env


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order, in an empty folder; commands are noted instead of run."""
    titles: list[str] = []
    venv, requirements = tmp_path / ".venv", tmp_path / "requirements"
    requirements.mkdir()
    shutil.copy(python_env.REQUIREMENTS / "pip.txt", requirements)
    (requirements / "server.txt").write_text("a==1 \\\n    --hash=sha256:0\n")
    (requirements / "dev.txt").write_text("a==1 \\\n    --hash=sha256:0\nb==1 \\\n    --hash=sha256:0\n")

    def note(title: str, command: list[object], **_: object) -> str:
        titles.append(title.split(" of ")[0])
        if "--clear" in command:
            for file in venv.rglob("*"):
                if file.is_file():
                    file.unlink()
            python_env.PYTHON.parent.mkdir(parents=True, exist_ok=True)
            python_env.PYTHON.write_text(f"#!/bin/sh\necho 3.{sys.version_info[1]}\n")
            python_env.PYTHON.chmod(0o755)
        return ""

    monkeypatch.setattr(python_env, "VENV", venv)
    monkeypatch.setattr(python_env, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(python_env, "REQUIREMENTS", requirements)
    monkeypatch.setattr(python_env, "run_step", note)
    return titles


def ensure(name: str) -> None:
    python_env.ensure_venv()
    python_env.ensure_packages(name)


def test_a_second_run_does_nothing(done: list[str]) -> None:
    ensure("server")
    assert done == ["Virtual environment", "Python packages (server, 1)"]
    ensure("server")
    assert len(done) == 2


def test_the_packages_of_the_tests_serve_the_server_too(done: list[str]) -> None:
    ensure("dev")
    ensure("server")
    assert done == ["Virtual environment", "Python packages (dev, 2)"]


def test_tests_add_to_the_servers_packages_and_do_not_start_anew(done: list[str]) -> None:
    ensure("server")
    ensure("dev")
    assert done[2:] == ["Python packages (dev, 2)"]


def test_other_pins_start_anew_so_that_nothing_left_over_hides_a_missing_requirement(done: list[str]) -> None:
    ensure("server")
    (python_env.REQUIREMENTS / "server.txt").write_text("a==2 \\\n    --hash=sha256:0\n")
    ensure("server")
    assert done[2:] == ["Virtual environment", "Python packages (server, 1)"]


def test_a_virtual_environment_whose_python_is_gone_is_made_anew(done: list[str]) -> None:
    ensure("server")
    python_env.PYTHON.unlink()
    ensure("server")
    assert done[2:] == ["Virtual environment", "Python packages (server, 1)"]


def test_a_python_that_was_upgraded_from_below_is_noticed(done: list[str]) -> None:
    ensure("server")
    python_env.PYTHON.write_text("#!/bin/sh\necho 3.99\n")
    ensure("server")
    assert done[2:] == ["Virtual environment", "Python packages (server, 1)"]


def test_a_folder_that_was_moved_is_set_up_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = python_env._venv_stamp("3.11")
    monkeypatch.setattr(python_env, "VENV", tmp_path / ".venv")
    assert python_env._venv_stamp("3.11").inputs != before.inputs
