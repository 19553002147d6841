"""WeChat's own compiler (npm miniprogram-ci) for `make wechat`: 276 MB that nothing else needs, so in a folder of its own."""

from __future__ import annotations

import shutil

from tools.node_env import ensure_node
from tools.steps import CACHE, ROOT, Stamp, digest, run_step

PINS = ROOT / "tools" / "wechat"
FOLDER = CACHE / "wechat"


def ensure_wechat() -> None:
    version = ensure_node()
    pins = [PINS / name for name in ("package.json", "package-lock.json", ".npmrc")]
    stamp = Stamp(FOLDER / ".stamp", digest(version.split(".")[0], pins))
    if stamp.is_fresh:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for pin in pins:
        shutil.copy(pin, FOLDER)
    run_step(
        "WeChat's compiler (npm miniprogram-ci, 276 MB)",
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=FOLDER,
        otherwise="npm could not install the packages of tools/wechat/package-lock.json; its words are above.",
    )
    stamp.put()
