"""Node, the npm workspace in clients/, and the web build that the server hands out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.python_env import ensure_packages
from tools.steps import ROOT, VENV, Stamp, StepFailed, digest, environment, run_step

CLIENTS = ROOT / "clients"
WEB = ROOT / "src" / "chaguan" / "web"
MADE = {"node_modules", "dist", "miniprogram_dist", "coverage", "test-results", ".vite", "__pycache__"}
NOT_BUILT = {"test", "tests", "server"}


def is_suitable(version: str) -> bool:
    """Whether Vite and ESLint run on this Node: 20.19 and later of 20, 22.13 and later, 23 and later."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version.strip())
    if not match:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 13) or major >= 23


def find_node() -> str | None:
    """The version of the Node that would run, if it will do and npm stands beside it."""
    path = environment()["PATH"]
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = answer.stdout.strip()
    return version if answer.returncode == 0 and is_suitable(version) else None


def ensure_node() -> str:
    version = find_node()
    if version is None:
        print("  No Node 20.19 or newer with npm on PATH: taking Node 24 from the Python package index.")
        ensure_packages("node")
        version = find_node()
        if version is None:
            raise StepFailed("The Node in .venv does not run here: install Node 22 or newer, then try again.")
    return version


def _manifests() -> list[Path]:
    return sorted(
        path
        for path in [CLIENTS / "package.json", CLIENTS / "package-lock.json", *CLIENTS.glob("*/package.json")]
        if path.exists()
    )


def ensure_node_modules() -> None:
    version = ensure_node()
    major = version.split(".")[0]
    stamp = Stamp(CLIENTS / "node_modules" / ".stamp", digest(major, _manifests()))
    if stamp.is_fresh:
        return
    run_step(
        f"npm packages (Node {version})",
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=CLIENTS,
        otherwise="npm could not install the packages of clients/package-lock.json; its words are above.",
    )
    stamp.put()


def web_sources() -> Iterator[Path]:
    """Everything the web build may read. Names of folders decide, so that it works without git, too."""
    for start in (CLIENTS, ROOT / "examples"):
        for folder, folders, files in os.walk(start):
            folders[:] = sorted(name for name in folders if name not in MADE | NOT_BUILT)
            for name in sorted(files):
                if not name.endswith((".tsbuildinfo", ".test.ts", ".md")):
                    yield Path(folder) / name


def ensure_web() -> None:
    """The console, the demo page and the sample mini program under src/chaguan/web."""
    stamp = Stamp(WEB / ".stamp", digest(web_sources()))
    if stamp.is_fresh:
        return
    ensure_node_modules()
    shutil.rmtree(WEB, ignore_errors=True)
    run_step(
        "Web build",
        ["npm", "run", "build"],
        cwd=CLIENTS,
        env={"CHAGUAN_WEB_DIR": str(WEB), "NODE_ENV": "production"},
        otherwise="The web build failed; the message above says where.",
    )
    stamp.put()


def node_path() -> str:
    """PATH with the virtual environment first, for whoever starts npm himself."""
    return f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
