"""The small C programs of the bench, compiled when first needed into a cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


class NoCompiler(Exception):
    """There is no C compiler here, so neither the raw limit nor the swarm of clients can be run."""


def compiled(name: str) -> Path:
    """The path of the built program; `name.c` stands beside this file. Raises `NoCompiler`."""
    source = Path(__file__).with_name(f"{name}.c")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "chaguan" / "bench"
    target = cache / f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    if not target.exists():
        cc = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if cc is None:
            raise NoCompiler("install a C compiler (cc) to measure against the raw limit")
        cache.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}")
        subprocess.run([cc, "-O2", "-o", draft, source], check=True, stdout=sys.stderr)
        draft.rename(target)
    return target
