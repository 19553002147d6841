"""One archive that installs Chaguan on a machine without a network: `python -m tools.bundle [FOLDER]`.

It holds every wheel that requirements/server.txt names, for this Python and this kind of machine, Chaguan's own wheel
with the built web pages in it, pip, deploy/ and the how-to pages. Whoever installs it needs that Python and nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

from tools.python_env import PYTHON, REQUIREMENTS, pip_wheel
from tools.steps import ROOT, StepFailed, run_step

SCRIPT = ROOT / "deploy" / "bundle" / "install.sh"
TAKEN = (
    "deploy",
    "docs/how-to",
    "docs/reference",
    "examples/python-client",
    "examples/tea-shop/server",
    "LICENSE",
    "CHANGELOG.md",
)
WEB = ROOT / "src" / "chaguan" / "web" / "console" / "index.html"


def name_of(version: str) -> str:
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return f"chaguan-{version}-{python}-{sysconfig.get_platform()}"


def _pip(*arguments: str | Path) -> list[str | Path]:
    return [PYTHON if PYTHON.exists() else sys.executable, "-m", "pip", *arguments]


def _wheels(folder: Path) -> None:
    named = ("-r", REQUIREMENTS / "server.txt")
    only_wheels = ("--only-binary", ":all:")
    run_step(
        "Wheels of the packages",
        _pip("download", "--require-hashes", "--no-deps", *only_wheels, "--dest", folder, *named),
        otherwise="pip could not fetch the pinned packages; its words are above.",
    )


def _own_wheel(folder: Path) -> str:
    """Builds Chaguan from a copy, so that nothing of the build stays here; returns its version."""
    with tempfile.TemporaryDirectory() as copy:
        source = Path(copy) / "source"
        kept = shutil.ignore_patterns("*.egg-info", "__pycache__")
        for each in ("src", "requirements"):
            shutil.copytree(ROOT / each, source / each, ignore=kept)
        for each in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(ROOT / each, source / each)
        builder = Path(copy) / "builder"
        run_step(
            "What builds it",
            _pip(
                "install",
                "--require-hashes",
                "--no-deps",
                "--target",
                builder,
                "-r",
                REQUIREMENTS / "build.txt",
            ),
            otherwise="pip could not fetch setuptools; its words are above.",
        )
        run_step(
            "Chaguan's own wheel",
            _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, source),
            env={"PYTHONPATH": str(builder)},
            otherwise="The project did not build; the words of pip are above.",
        )
    [wheel] = folder.glob("chaguan-*.whl")
    return wheel.name.split("-")[1]


def _fill(folder: Path) -> None:
    for name in TAKEN:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    shutil.copy2(pip_wheel(), folder)
    shutil.copy2(REQUIREMENTS / "server.txt", folder)
    shutil.copy2(SCRIPT, folder)
    (folder / "PYTHON").write_text(f"{sys.version_info[0]}.{sys.version_info[1]}\n")


def _sum_up(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def make(target: Path) -> Path:
    if not WEB.exists():
        raise StepFailed("The web pages are not built: run `make bundle`, which builds them first.")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        wheels = Path(work) / "wheels"
        wheels.mkdir()
        _wheels(wheels)
        name = name_of(_own_wheel(wheels))
        folder = Path(work) / name
        folder.mkdir()
        wheels.rename(folder / "wheels")
        _fill(folder)
        _sum_up(folder)
        archive = target / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=6) as packed:
            packed.add(folder, name, filter=_anonymous)
    print(f"  {archive} ({archive.stat().st_size // 1024**2} MiB)")
    return archive


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def main(arguments: list[str]) -> int:
    try:
        make(Path(arguments[0]) if arguments else ROOT / "dist")
    except (StepFailed, subprocess.SubprocessError) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
