"""A Chromium for the tests, with Chinese letters: the one on PATH, else one from npm; the fonts likewise.

The result is one small script, .cache/browser/chromium, which starts it with all it needs. Python and TypeScript
tests start that script (CHAGUAN_CHROMIUM) and need not know where the browser came from.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

from tools.node_env import ensure_node
from tools.steps import CACHE, ROOT, VENV, Stamp, StepFailed, digest, run_step

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PINS = ROOT / "tools" / "browser"
FOLDER = CACHE / "browser"
LAUNCHER = FOLDER / "chromium"
SOURCE = FOLDER / "source.txt"


def find_on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


def _fetch() -> tuple[Path, Path]:
    """Installs the pinned npm package and unpacks it; returns the program and the folder of its libraries."""
    pins = [PINS / name for name in ("package.json", "package-lock.json", "unpack.mjs", ".npmrc")]
    unpacked = FOLDER / "unpacked"
    program, libraries = unpacked / "chromium", unpacked / "al2023" / "lib"
    stamp = Stamp(unpacked / ".stamp", digest(pins))
    if stamp.is_fresh and program.exists():
        return program, libraries
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise StepFailed(
            "The tests need a Chromium on PATH here: the one from npm is for Linux on x86_64 only."
        )
    ensure_node()
    shutil.rmtree(FOLDER, ignore_errors=True)
    unpacked.mkdir(parents=True)
    for pin in pins:
        shutil.copy(pin, FOLDER)
    run_step(
        "Browser for the tests (npm @sparticuz/chromium)",
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=FOLDER,
        otherwise="npm could not fetch a browser: install Chromium yourself and run the same command again.",
    )
    run_step(
        "Unpacking the browser",
        ["node", "unpack.mjs"],
        cwd=FOLDER,
        env={"TMPDIR": str(unpacked)},
        otherwise="The browser could not be unpacked: install Chromium yourself and run the same command again.",
    )
    shutil.rmtree(FOLDER / "node_modules")
    stamp.put()
    return program, libraries


def _missing_libraries(program: Path) -> bool:
    answer = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    return answer.returncode != 0 or "not found" in answer.stdout


def _font_configuration() -> Path:
    """A fontconfig file that adds the Noto CJK of the virtual environment to whatever the machine has."""
    # Not sysconfig's word for it: Debian's own Python, which may run this, names other folders than a venv has.
    fonts = {path.parent for path in VENV.glob("lib/python3.*/site-packages/noto_cjk*/**/*.[ot]t[cf]")}
    if not fonts:
        raise StepFailed(
            "The Chinese font is missing from .venv: run make clean, then the same command again."
        )
    folders = "\n".join(f"  <dir>{folder}</dir>" for folder in sorted(fonts))
    file = FOLDER / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        '  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>\n'
        f"{folders}\n  <cachedir>{FOLDER / 'font-cache'}</cachedir>\n</fontconfig>\n"
    )
    return file


def ensure_browser() -> None:
    """Writes the launcher and says, when that changes, which browser and which fonts the tests use."""
    exports: dict[str, str] = {}
    on_path = find_on_path()
    if on_path:
        program, source = Path(on_path), on_path
    else:
        program, libraries = _fetch()
        source = "npm @sparticuz/chromium in .cache (no Chromium on PATH)"
        if _missing_libraries(program):
            exports["LD_LIBRARY_PATH"] = str(libraries)
    FOLDER.mkdir(parents=True, exist_ok=True)
    fonts = "the machine's"
    if not has_chinese_font():
        exports["FONTCONFIG_FILE"] = str(_font_configuration())
        fonts = "Noto CJK of the virtual environment"
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    script = "\n".join(["#!/bin/sh", *lines, f'exec {shlex.quote(str(program))} "$@"', ""])
    said = f"Browser for the tests: {source}; Chinese font: {fonts}"
    if not LAUNCHER.exists() or LAUNCHER.read_text() != script:
        LAUNCHER.write_text(script)
        LAUNCHER.chmod(0o755)
        SOURCE.write_text(said + "\n")
        print(f"  {said}")


def launcher() -> Path:
    """What tests start; CHAGUAN_CHROMIUM overrides."""
    named = os.environ.get("CHAGUAN_CHROMIUM")
    if named:
        return Path(named)
    if not LAUNCHER.exists():
        raise FileNotFoundError("No browser is set up for the tests: run `make test` once, it gets one.")
    return LAUNCHER
