"""The reference of the configuration file, made from the Structs and their docstrings: docs/reference/settings.md."""

import ast
import inspect
import textwrap
from typing import Any

import msgspec
from msgspec import Struct

from chaguan.core import settings
from chaguan.core.settings import Settings

_HEAD = """\
# Settings

The file that `chaguan serve --config chaguan.toml` reads is TOML; every setting has a default that works. A setting
that does not exist, has the wrong type or can't work ends the start with one sentence and exit code 2. The environment
goes before the file, options of the command line before both:

| environment | setting |
|---|---|
"""
_TAIL = """
`CHAGUAN_MASTER_KEY` may hold the master keys instead of a file (base64, comma-separated, the current one first).

This page is made by `chaguan schema --write` from `src/chaguan/core/settings.py`.
"""


def markdown() -> str:
    variables = "".join(f"| `{name}` | `{field}` |\n" for name, field in settings.ENVIRONMENT.items())
    return _HEAD + variables + "".join(_section(kind, table) for table, kind in _tables()) + _TAIL


def _tables() -> list[tuple[str, type[Struct]]]:
    """The top level, then each `[table]`."""
    nested = [(f.name, f.type) for f in msgspec.structs.fields(Settings) if _is_table(f.type)]
    return [("", Settings), *nested]


def _section(kind: type[Struct], table: str) -> str:
    title = f"## `[{table}]`" if table else "## At the top of the file"
    told = _told(kind)
    rows = [
        f"| `{f.name}` | {_type(f.type)} | {_default(f)} | {told[f.name]} |\n"
        for f in msgspec.structs.fields(kind)
        if not _is_table(f.type)
    ]
    about = inspect.cleandoc(kind.__doc__ or "")
    return f"\n{title}\n{about}\n\n| setting | type | default | |\n|---|---|---|---|\n{''.join(rows)}"


def _told(kind: type[Struct]) -> dict[str, str]:
    """Field -> the string that follows it in the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return found


def _is_table(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Struct)


def _type(type_: Any) -> str:
    return {int: "number", str: "text", bool: "true or false"}.get(type_, "list of texts")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "`[]`"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, int) and field.default >= 1024 * 1024:
        return f"`{field.default}` ({field.default // 1024**2} MiB)"
    return f"`{field.default}`" if isinstance(field.default, int) else f'`"{field.default}"`'
