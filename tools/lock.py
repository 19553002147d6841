"""Pins anew: requirements/*.in -> *.txt with hashes, and the package-lock files. No registry address is written."""

from __future__ import annotations

import sys

from tools.steps import ROOT, VENV, StepFailed, run_step

# dev.in contains server.in and is resolved last; check_tree compares the two.
NAMES = ("pip", "build", "node", "lock", "server", "dev")
OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"),
    *(
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-annotate",
        "--no-header",
        "--quiet",
        "--system-certs",
    ),
)


def main() -> int:
    uv = VENV / "bin" / "uv"
    try:
        for name in NAMES:
            run_step(
                f"requirements/{name}.txt",
                [uv, "pip", "compile", f"{name}.in", *OPTIONS, "-o", f"{name}.txt"],
                cwd=ROOT / "requirements",
                otherwise=f"requirements/{name}.in could not be resolved; the reason is above.",
            )
        for folder in (ROOT / "clients", ROOT / "tools" / "browser", ROOT / "tools" / "wechat"):
            run_step(
                f"{folder.relative_to(ROOT)}/package-lock.json",
                ["npm", "update", "--package-lock-only", "--no-audit", "--no-fund"],
                cwd=folder,
                otherwise="npm could not resolve the packages; the reason is above.",
            )
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    print("Now run make check and make test, and look at the changes before you commit them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
