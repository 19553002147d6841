"""Nobody imports another domain's store: chaguan.<domain>.store is for modules of that domain alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def check_stores(root: Path) -> Iterator[str]:
    """Findings over src/chaguan below root. The composition root is no exception: it wires services."""
    package = root / "src" / "chaguan"
    for path in sorted(package.rglob("*.py")):
        module = ("chaguan", *path.relative_to(package).with_suffix("").parts)
        for line, store in foreign_stores(path.read_text(), module):
            yield f"{path.relative_to(root)}:{line}: imports {store}, the store of another domain"


def foreign_stores(source: str, module: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yields (line, store) for each import of another domain's store in the source of `module`."""
    for node in ast.walk(ast.parse(source)):
        for name in _imported(node, module):
            parts = name.split(".")
            if parts[0] == "chaguan" and parts[2:3] == ["store"] and tuple(parts[:2]) != module[:2]:
                yield getattr(node, "lineno", 0), ".".join(parts[:3])


def _imported(node: ast.AST, module: tuple[str, ...]) -> set[str]:
    """Full names that a statement imports; `from x import y` may mean module x.y."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return set()
    # `module` ends in "__init__" for a package, so one level up is the package itself, as Python counts.
    package = [] if node.level == 0 else list(module[: -node.level])
    origin = ".".join([*package, *([node.module] if node.module else [])])
    return {f"{origin}.{alias.name}" for alias in node.names}
