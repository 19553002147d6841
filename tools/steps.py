"""Runs one step of the set-up: only if its inputs changed, shown in one line, its whole output when it fails."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"

# What a failed step says, by what its output contains; first match wins.
ADVICE = (
    (
        (
            *("name resolution", "Connection refused", "Network is unreachable", "Read timed out"),
            *("getaddrinfo", "ConnectTimeout", "NewConnectionError"),
            *("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET"),
        ),
        "The package index could not be reached: check the network (or the mirror set for pip and npm), "
        "then run the same command again; what is done already is kept.",
    ),
    (
        ("code EUSAGE",),
        "package.json and package-lock.json name different packages: run `npm install` in that folder "
        "and commit the lock file.",
    ),
    (
        ("No space left on device", "ENOSPC"),
        "The disk is full: free some space and run the same command again.",
    ),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "A downloaded package is not the one that was pinned: do not use it; "
        "try again without your mirror or cache, and report it if it stays.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER_CERT"),
        "The package index's certificate is not trusted here: behind a company proxy, "
        "set PIP_CERT and NODE_EXTRA_CA_CERTS to its root certificate.",
    ),
    (
        ("Permission denied", "EACCES"),
        "A file here belongs to someone else (an earlier run as root?): give the folder to yourself, "
        "or run `make clean` as that user.",
    ),
)


class StepFailed(Exception):
    """A step did not succeed; the message is the sentence that tells what to do."""


def advice(output: str, otherwise: str) -> str:
    for signs, sentence in ADVICE:
        if any(sign in output for sign in signs):
            return sentence
    return otherwise


def environment() -> dict[str, str]:
    """The environment of every step: our tools first on PATH, nothing asked, no colours, no browser download."""
    return {
        **os.environ,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        # As root pip and npm would warn or switch users; neither concerns a folder of our own.
        "PIP_ROOT_USER_ACTION": "ignore",
        "NO_COLOR": "1",
        # pip trusts what the machine trusts; Node does so only when told.
        "NODE_USE_SYSTEM_CA": "1",
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }


def digest(*parts: str | Path | Iterable[Path]) -> str:
    """One hash over strings and the names and contents of files."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(f"text {part}\0".encode())
            continue
        for path in [part] if isinstance(part, Path) else part:
            name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            total.update(f"file {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


class Stamp:
    """Says which inputs a product was made from; lies inside the product, so that it disappears with it."""

    def __init__(self, path: Path, inputs: str) -> None:
        self.path = path
        self.inputs = inputs

    @property
    def found(self) -> str | None:
        try:
            return self.path.read_text().strip()
        except FileNotFoundError:
            return None

    @property
    def is_fresh(self) -> bool:
        return self.found == self.inputs

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)

    def put(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.inputs + "\n")


def _is_live(stream: IO[str]) -> bool:
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def run_step(
    title: str,
    command: Sequence[str | Path],
    *,
    otherwise: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> str:
    """Runs the command quietly and returns its output; on failure prints it whole and raises StepFailed."""
    live = _is_live(sys.stdout)
    print(f"  {title} …", end="" if live else "\n", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env={**environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except (
            FileNotFoundError,
            PermissionError,
        ) as missing:  # the latter where PATH names a folder of others
            raise StepFailed(f"{title}: {missing.filename} is missing. {otherwise}") from missing
        code = _wait(process, title, started, live)
        output.seek(0)
        text = output.read()
    seconds = time.monotonic() - started
    start = "\r" if live else ""
    if code:
        print(f"{start}  {title}: failed after {seconds:.1f} s\n\n{text.rstrip()}\n", flush=True)
        raise StepFailed(advice(text, otherwise))
    print(f"{start}  {title}: {seconds:.1f} s", flush=True)
    return text


def _wait(process: subprocess.Popen[bytes], title: str, started: float, live: bool) -> int:
    while True:
        try:
            return process.wait(timeout=1 if live else None)
        except subprocess.TimeoutExpired:
            print(f"\r  {title} … {time.monotonic() - started:.0f} s", end="", flush=True)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
