"""Rules about the repository itself that no other tool checks: `python -m tools.check_tree`.

Each rule is a function from one file (or from the whole tree) to findings; tests/unit/tools plants each fault.
A line that must break a text rule says `tree-rule: <why>` on the line itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tools.access_lint import check_services
from tools.python_env import pip_wheel
from tools.steps import ROOT, StepFailed
from tools.store_lint import check_stores

FOREIGN_LOCKS = {"uv.lock", "poetry.lock", "Pipfile.lock", "yarn.lock", "pnpm-lock.yaml"}
EMPTY_NAMES = {
    *("util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc", "impl", "shared")
}
SOURCE = {".py", ".ts", ".mts", ".js", ".mjs", ".vue", ".wxml", ".wxss", ".wxs", ".css", ".html", ".sh"}
DECISIONS = "docs/adr/"
MOST_LINES = 500
MOST_BYTES = 512 * 1024
# Path or folder -> the bytes it may have, and why.
LARGER = {
    "tools/pip-": (3 * 1024 * 1024, "pip itself, so that no machine needs ensurepip"),
    "docs/images/": (1024 * 1024, "screenshots"),
}
LINE_EXEMPT = {
    "clients/protocol/index.ts": "generated from the Structs",
    "clients/console/src/i18n/en.ts": "a table of texts",
    "clients/console/src/i18n/zh-CN.ts": "a table of texts",
}

HOME_PATH = re.compile(r"(?<![\w.$}~-])/(?:root|home/[a-z_][\w.-]*|Users/[A-Za-z][\w.-]*)/")
UNNUMBERED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\s*\(?#\d+)")  # tree-rule: it must name what it finds
SECRETS = (
    (
        "a private key",
        re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ),
    ("a cloud access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (
        "a personal token",
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}|npm_[A-Za-z0-9]{36})\b"),
    ),
    ("a chat token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{20,}")),
    ("credentials in an address", re.compile(r"\bhttps?://[^\s/:@{}$<>*]+:[^\s/@{}$<>*]{4,}@")),
    (
        "a secret value",
        re.compile(
            r"(?i)\b(?:app_?secret|secret_?key|master_?key|api_?key)\b[\"']?\s*[:=]\s*[\"'][0-9a-f]{32,}[\"']"
        ),
    ),
)
# A workspace's own entry has a relative "resolved"; "funding" names web pages of maintainers.
LOCK_ADDRESS = re.compile(r'"(?:resolved|version)"\s*:\s*"[a-z+]+:|^--|^[^#"]*://')
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def check_name(path: str) -> Iterator[str]:
    """Lock files that record registry addresses, and names that say nothing."""
    name = PurePosixPath(path)
    if name.name in FOREIGN_LOCKS:
        yield f"{path}: this lock file records registry addresses; pins live in requirements/ and package-lock.json"
    nouns = {*name.parts[:-1], name.stem.split(".")[0]} if name.suffix in SOURCE else set(name.parts[:-1])
    if empty := nouns & EMPTY_NAMES:
        yield f"{path}: `{min(empty)}` names nothing; name the noun it is about"


def check_size(path: str, content: bytes) -> Iterator[str]:
    most = next((limit for start, (limit, _) in LARGER.items() if path.startswith(start)), MOST_BYTES)
    if len(content) > most:
        yield f"{path}: {len(content) // 1024} KiB, more than {most // 1024}"
    lines = content.count(b"\n")
    if PurePosixPath(path).suffix in SOURCE and lines > MOST_LINES and path not in LINE_EXEMPT:
        yield f"{path}: {lines} lines, more than {MOST_LINES}; split it by noun"


def check_text(path: str, text: str) -> Iterator[str]:
    """What no line of any text file may hold."""
    is_lock = path.endswith("package-lock.json") or re.fullmatch(r"requirements/\w+\.txt", path)
    is_source = PurePosixPath(path).suffix in SOURCE or path.endswith("Makefile")
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if is_lock:
            if LOCK_ADDRESS.search(line):
                yield f"{where}: an address in a lock file"
            continue
        if "tree-rule:" in line:
            continue
        if HOME_PATH.search(line):
            yield f"{where}: a path of somebody's machine"
        if is_source and UNNUMBERED.search(line):
            yield f"{where}: an open point without an issue number"  # tree-rule: its own words
        for what, pattern in SECRETS:
            if pattern.search(line):
                yield f"{where}: looks like {what}"


def check_links(path: str, text: str, known: set[str]) -> Iterator[str]:
    """Relative links of Markdown pages must lead to files of the repository."""
    prose = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    for target in LINK.findall(prose):
        if re.match(r"[a-z][a-z0-9+.-]*:|#", target):
            continue
        file = (ROOT / PurePosixPath(path).parent / unquote(target.split("#")[0])).resolve()
        relative = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else str(target)
        if relative not in known and not any(name.startswith(relative + "/") for name in known):
            yield f"{path}: the link to {target} leads nowhere"


def check_decisions(pages: dict[str, str]) -> Iterator[str]:
    """Pages of docs/adr by path: each has a number and a title of its own, and its first line says the number."""
    numbers: dict[str, str] = {}
    titles: dict[str, str] = {}
    for path, text in sorted(pages.items()):
        number, _, title = PurePosixPath(path).stem.partition("-")
        for seen, what in ((numbers, number), (titles, title)):
            if what in seen:
                yield f"{path}: {seen[what]} has `{what}` already"
            seen.setdefault(what, path)
        if not (number.isdigit() and text.startswith(f"# {int(number)}. ")):
            yield f"{path}: its first line is `# {number.lstrip('0')}. ` and the decision"


def pins(text: str) -> dict[str, set[str]]:
    """Package -> versions (several where environment markers choose) of a compiled requirements file."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(name.lower(), set()).add(version)
    return found


def check_pins(server: str, dev: str) -> Iterator[str]:
    """Tests must run on what is shipped: dev.txt holds server.txt, version for version."""
    wanted, tested = pins(server), pins(dev)
    for name, versions in sorted(wanted.items()):
        if tested.get(name) != versions:
            shown = ", ".join(sorted(tested.get(name, {"nothing"})))
            yield f"requirements: server.txt pins {name} {', '.join(sorted(versions))}, dev.txt {shown}"


def check_pip() -> Iterator[str]:
    try:
        pip_wheel()
    except StepFailed as failure:
        yield f"tools: {failure}"


def tracked(root: Path) -> list[str]:
    """What is in the repository or about to be; ignored files are nobody's business."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (root / name).is_file())


def check_file(path: str, content: bytes, known: set[str]) -> Iterator[str]:
    yield from check_name(path)
    yield from check_size(path, content)
    if b"\0" in content[:8000]:
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield f"{path}: not UTF-8"
        return
    yield from check_text(path, text)
    if path.endswith(".md"):
        yield from check_links(path, text, known)


def check_tree(root: Path) -> Iterator[str]:
    names = tracked(root)
    if not names:
        yield "git lists no files: nothing was checked"
    for name in names:
        yield from check_file(name, (root / name).read_bytes(), set(names))
    yield from check_decisions(
        {name: (root / name).read_text() for name in names if name.startswith(DECISIONS)}
    )
    requirements = root / "requirements"
    yield from check_pins((requirements / "server.txt").read_text(), (requirements / "dev.txt").read_text())
    yield from check_pip()
    yield from check_services(root)
    yield from check_stores(root)


def main() -> int:
    findings = list(check_tree(ROOT))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
