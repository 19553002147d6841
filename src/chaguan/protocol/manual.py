"""The tables of docs/reference/protocol.md, made from the Structs and their docstrings.

The page's prose is written by hand; what stands between its markers is written from here:
`<!-- generated: NAME -->` … `<!-- end -->`.
"""

import ast
import inspect as python_inspect
import json
import re
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, inspect

from chaguan.protocol import golden, pushes
from chaguan.protocol.commands import Command
from chaguan.protocol.content import Content
from chaguan.protocol.entries import Entry
from chaguan.protocol.errors import HTTP_STATUS, CloseCode, ErrorCode
from chaguan.protocol.replies import Limits
from chaguan.protocol.schema import REPLY_OF

_MARKED = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_INTEGERS = 2**53


def filled(page: str) -> str:
    """The page with everything between its markers made anew."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{_section(found[2])}\n{found[3]}", page)


def _section(name: str) -> str:
    kind, _, argument = name.partition(" ")
    if kind == "example":
        return f"```json\n{_example(argument)}\n```\n"
    return _SECTIONS[kind]()


def _example(name: str) -> str:
    return json.dumps(json.loads(golden.texts()[name]), ensure_ascii=False)


def _commands() -> str:
    return "\n".join(_struct(each, _tag(each), _answer(each)) for each in _members(Command))


def _answer(command: type[Struct]) -> str:
    answer = REPLY_OF[command]
    return f"Answer: {_link(answer.__name__)}." if answer else "Answer: `null`."


def _union(union: Any, without: Any = None) -> Callable[[], str]:
    left_out = _members(without) if without else []
    return lambda: "\n".join(_struct(each, _tag(each)) for each in _members(union) if each not in left_out)


def _rows() -> str:
    """Every Struct that an answer or a push holds and that is not on the wire by itself."""
    shown = {*_members(Command), *_members(pushes.Push), *_members(Content)}
    found: dict[type[Struct], None] = {}
    for root in [*dict.fromkeys(REPLY_OF.values()), *_members(pushes.Push), *_members(Content)]:
        if root is not None:
            _collect(inspect.type_info(root), found)
    return "\n".join(_struct(each, each.__name__) for each in found if each not in shown)


def _collect(info: inspect.Type, found: dict[type[Struct], None]) -> None:
    match info:
        case inspect.StructType():
            if info.cls not in found:
                found[info.cls] = None
                for field in info.fields:
                    _collect(field.type, found)
        case inspect.UnionType():
            for each in info.types:
                _collect(each, found)
        case inspect.ListType():
            _collect(info.item_type, found)


def _errors() -> str:
    lines = ["| code | HTTP | family |", "|---|---|---|"]
    for code in ErrorCode:
        status = HTTP_STATUS[code]
        family = "broken" if status == 500 else "busy" if status in (429, 503, 504) else "refused"
        lines.append(f"| `{code.value}` | {status} | {family} |")
    return "\n".join([*lines, ""])


def _closes() -> str:
    lines = ["| code | name | when | then |", "|---|---|---|---|"]
    for line in python_inspect.getsource(CloseCode).splitlines():
        found = re.match(r"\s+([A-Z_]+) = (\d+)  # (.+)", line)
        if found:
            then = "reconnect and resume" if int(found[2]) < 4500 else "stop"
            lines.append(f"| {found[2]} | {found[1].lower()} | {found[3]} | {then} |")
    return "\n".join([*lines, ""])


def _limits() -> str:
    lines = ["| field of `limits` | default |", "|---|---|"]
    for field in msgspec.structs.fields(Limits):
        lines.append(f"| `{field.name}` | {field.default:,} |")
    return "\n".join([*lines, ""])


def _members(union: Any) -> list[type[Struct]]:
    return list(union.__args__)


def _tag(struct: type[Struct]) -> str:
    return str(struct.__struct_config__.tag)


def _link(name: str) -> str:
    return f"[`{name}`](#{name.lower()})"


def _struct(struct: type[Struct], title: str, answer: str = "") -> str:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    lines = [f"#### `{title}`", ""]
    text = python_inspect.cleandoc(struct.__dict__.get("__doc__") or "")
    lines += [*(_prose(part) + "\n" for part in text.split("\n\n") if part)]
    if answer:
        lines += [answer, ""]
    if info.array_like:
        return "\n".join(lines)
    notes = _notes(struct)
    if info.fields:
        lines += ["| field | type | default | |", "|---|---|---|---|"]
    for field in info.fields:
        note = notes.get(field.name, "")
        lines.append(f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} | {note} |")
    return "\n".join([*lines, ""])


def _prose(paragraph: str) -> str:
    return " ".join(line.strip() for line in paragraph.splitlines())


def _notes(struct: type[Struct]) -> dict[str, str]:
    """The strings that stand below fields in the source, which Python itself does not keep."""
    notes: dict[str, str] = {}
    for parent in reversed(struct.__mro__):
        if not (isinstance(parent, type) and issubclass(parent, Struct)) or parent is Struct:
            continue
        body = ast.parse(textwrap.dedent(python_inspect.getsource(parent))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, note in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(note, ast.Expr):
                assert isinstance(field.target, ast.Name)
                notes[field.target.id] = _prose(ast.literal_eval(note.value))
    return notes


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    if field.default is not msgspec.NODEFAULT and not isinstance(field.default, msgspec.UnsetType):
        return f"`{json.dumps(field.default, default=lambda _value: {}, ensure_ascii=False)}`"
    return (
        "`[]`"
        if isinstance(field.type, inspect.ListType)
        else "`{}`"
        if field.default_factory
        else "left out"
    )


def _type(info: inspect.Type) -> str:
    match info:
        case inspect.StructType():
            return _link(_tag(info.cls) if info.tag_field else info.cls.__name__)
        case inspect.UnionType():
            return _one_of(info)
        case inspect.ListType():
            return f"array{_range(info.min_length, info.max_length)} of {_type(info.item_type)}"
        case inspect.TupleType():
            return f"[{', '.join(_type(item) for item in info.item_types)}]"
        case inspect.EnumType():
            return ", ".join(f"`{each.value}`" for each in info.cls)
        case inspect.StrType():
            return f"string{_range(info.min_length, info.max_length)}"
        case inspect.IntType():
            return f"integer{_range(info.ge, None if info.le == _INTEGERS else info.le)}"
        case inspect.FloatType():
            return f"number{_range(info.ge, info.le)}"
        case inspect.BoolType():
            return "boolean"
        case inspect.DictType() | inspect.RawType():
            return "object"
    return "any"


def _one_of(info: inspect.UnionType) -> str:
    types = [each for each in info.types if not isinstance(each, inspect.NoneType)]
    structs = {each.cls for each in types if isinstance(each, inspect.StructType)}
    for name, union in (("content", Content), ("entry", Entry)):
        if structs == set(_members(union)):
            return f"[{name}](#{'content-types' if name == 'content' else 'entries'})" + _or_null(info)
    return " or ".join(_type(each) for each in types) + _or_null(info)


def _or_null(info: inspect.UnionType) -> str:
    return " or null" if any(isinstance(each, inspect.NoneType) for each in info.types) else ""


def _range(least: int | float | None, most: int | float | None) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f" ≥ {least}" if least else " ≥ 0"
    return f" {least or 0}…{most}" if least != most else f" {most}"


_SECTIONS: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "pushes": _union(pushes.Push, without=Entry),
    "entries": _union(Entry),
    "content": _union(Content),
    "rows": _rows,
    "errors": _errors,
    "closes": _closes,
    "limits": _limits,
}
