"""The committed files that are made from Structs: schema, TypeScript, one golden JSON a type, the tables of the
manual, the reference of the settings, the pictures of the state machines."""

from pathlib import Path

from chaguan.commerce import pictures
from chaguan.core import settings_manual
from chaguan.metrics import catalogue
from chaguan.protocol import golden, manual, schema

MANUAL = Path("docs/reference/protocol.md")
MACHINES = (Path("docs/explanation/orders.md"), Path("docs/explanation/orders.zh-CN.md"))


def files(root: Path) -> dict[Path, str]:
    made = {
        Path("schema/protocol.schema.json"): schema.json_text(),
        Path("clients/protocol/index.ts"): schema.typescript_text(),
        Path("docs/reference/metrics.md"): catalogue.markdown(),
        Path("docs/reference/settings.md"): settings_manual.markdown(),
    }
    for name, text in golden.texts().items():
        made[Path("tests/golden/protocol") / f"{name}.json"] = text
    if (root / MANUAL).exists():
        made[MANUAL] = manual.filled((root / MANUAL).read_text(encoding="utf-8"))
    for page in MACHINES:
        if (root / page).exists():
            made[page] = pictures.filled((root / page).read_text(encoding="utf-8"))
    return made


def write(root: Path) -> None:
    for path, text in files(root).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def stale(root: Path) -> list[Path]:
    return [path for path, text in files(root).items() if not _is(root / path, text)]


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text
