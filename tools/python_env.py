"""The virtual environment in .venv with the pinned, hashed requirements and the project itself in it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from tools.steps import ROOT, VENV, Stamp, StepFailed, digest, run_step

REQUIREMENTS = ROOT / "requirements"
PYTHON = VENV / "bin" / "python"


def pip_wheel() -> Path:
    """The pip that comes with the repository, after comparing it with the hash its publisher gave.

    Debian ships Python without ensurepip; bringing pip along makes every machine alike and saves root there.
    """
    [wheel] = (ROOT / "tools").glob("pip-*.whl")
    version = wheel.name.split("-")[1]
    pinned = (REQUIREMENTS / "pip.txt").read_text()
    actual = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if f"pip=={version} " not in pinned or f"sha256:{actual}" not in pinned:
        raise StepFailed(
            f"{wheel.name} is not the one named in requirements/pip.txt: fetch the repository again."
        )
    return wheel


def _version_in_venv() -> str:
    """major.minor of the Python in .venv, empty if it does not run (any more)."""
    try:
        answer = subprocess.run(
            [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return answer.stdout.strip()


def _venv_stamp(version: str) -> Stamp:
    # A virtual environment holds absolute paths and the packages of one Python: moved, or upgraded from below, it is
    # remade. Another Python first on PATH is no reason: the one in use stays.
    [wheel] = (ROOT / "tools").glob("pip-*.whl")
    return Stamp(VENV / ".stamp-venv", digest(str(VENV), version, wheel.name))


def ensure_venv() -> None:
    version = _version_in_venv()
    if version and _venv_stamp(version).is_fresh:
        return
    wheel = pip_wheel()
    stamp = _venv_stamp(f"{sys.version_info[0]}.{sys.version_info[1]}")
    stamp.drop()
    version = ".".join(str(part) for part in sys.version_info[:3])
    run_step(
        f"Virtual environment of Python {version}",
        [sys.executable, "-m", "venv", "--clear", "--without-pip", VENV],
        otherwise="This Python cannot make virtual environments: name another one, make PYTHON=/path/to/python3.",
    )
    site_packages = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    # pip is pure Python: unpacking its wheel is all that installing it means.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    stamp.put()


def _packages_stamp(name: str) -> Stamp:
    return Stamp(VENV / f".stamp-{name}", digest(REQUIREMENTS / f"{name}.txt"))


def ensure_packages(name: str) -> None:
    """Installs requirements/<name>.txt. `dev` contains `server`, so a fresh `dev` serves for both."""
    stamp = _packages_stamp(name)
    if stamp.is_fresh or (name == "server" and _packages_stamp("dev").is_fresh):
        return
    if stamp.found is not None:
        # Other pins than before: start anew, so that nothing left over hides a missing requirement.
        (VENV / ".stamp-venv").unlink(missing_ok=True)
        ensure_venv()
    lines = (REQUIREMENTS / f"{name}.txt").read_text()
    count = len(re.findall(r"^[a-z0-9].*==", lines, re.MULTILINE | re.IGNORECASE))
    run_step(
        f"Python packages ({name}, {count})",
        [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "-r", REQUIREMENTS / f"{name}.txt"],
        otherwise="pip could not install the pinned packages; its words are above.",
    )
    stamp.put()


def ensure_project() -> None:
    """`chaguan` importable from src/ and its command in .venv/bin. Builds offline, with the pinned setuptools."""
    stamp = Stamp(VENV / ".stamp-project", digest(ROOT / "pyproject.toml"))
    if stamp.is_fresh:
        return
    ensure_packages("build")
    run_step(
        "Chaguan itself",
        [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--editable",
            ROOT,
        ],
        otherwise="pip could not install the project from this folder; its words are above.",
    )
    stamp.put()
