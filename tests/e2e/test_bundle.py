"""The bundle: made here, installed and used where there is no network at all."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bundle

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "deploy" / "bundle" / "install.sh"


def run(*command: object, cwd: Path = ROOT, seconds: float = 300) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False
    )


def can_be_alone() -> bool:
    return run("unshare", "-rn", "true").returncode == 0 if shutil.which("unshare") else False


@pytest.mark.soak
@pytest.mark.skipif(not can_be_alone(), reason="needs user and network namespaces")
def test_a_bundle_installs_serves_and_passes_the_demo_without_a_network(tmp_path) -> None:
    """Fetches about 70 MiB while it makes the bundle."""
    archive = bundle.make(tmp_path / "dist")
    (tmp_path / "machine").mkdir()
    python = Path(sys.base_prefix) / "bin" / "python3"
    played = run(
        "unshare", "-rn", sys.executable, "tests/e2e/airgap.py", archive, tmp_path / "machine", python
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "without a network" in played.stdout


@pytest.fixture
def unpacked(tmp_path):
    """A bundle as far as the script looks before it installs anything."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    shutil.copy2(INSTALL, folder)
    (folder / "PYTHON").write_text("3.2\n")
    summed = run("sha256sum", "install.sh", "PYTHON", cwd=folder).stdout
    (folder / "SHA256SUMS").write_text(summed)
    return folder


def test_a_bundle_that_was_changed_on_its_way_installs_nothing(unpacked, tmp_path) -> None:
    (unpacked / "PYTHON").write_text("3.11\n")
    ended = run("sh", "install.sh", tmp_path / "opt", cwd=unpacked)
    assert ended.returncode == 1 and "damaged or was changed" in ended.stderr
    assert not (tmp_path / "opt").exists()


def test_a_bundle_for_another_python_says_so(unpacked, tmp_path) -> None:
    ended = run("sh", "install.sh", tmp_path / "opt", cwd=unpacked)
    assert ended.returncode == 1 and "for Python 3.2" in ended.stderr
    assert not (tmp_path / "opt").exists()


def test_without_a_place_it_asks_for_one(unpacked) -> None:
    ended = run("sh", "install.sh", cwd=unpacked)
    assert ended.returncode == 1 and "sh install.sh /opt/chaguan" in ended.stderr
