"""One filled-in example of each wire type, made from the Structs themselves.

Both languages read these files: a type that changes shape changes its file, and that shows in the review.
"""

import enum
import json
from typing import Any

import msgspec
from msgspec import Struct, inspect

from chaguan.protocol.commands import Command
from chaguan.protocol.content import Content
from chaguan.protocol.pushes import Push
from chaguan.protocol.schema import REPLY_OF

_UUID = "018f0000-0000-7000-8000-000000000001"
_STRINGS = {
    "client_msg_id": _UUID,
    "emoji": "👍",
    "currency": "CNY",
    "text": "你好，这款茶还有吗？",
    "name": "龙井",
    "url": "/v1/media/m_1",
}


def structs() -> list[type[Struct]]:
    unions = [item for union in (Command, Push, Content) for item in union.__args__]
    replies = [item for item in REPLY_OF.values() if item is not None]
    return list(dict.fromkeys([*unions, *replies]))


def texts() -> dict[str, str]:
    return {struct.__name__: _text(example(struct)) for struct in structs()}


def example(struct: type[Struct]) -> Any:
    """An instance with every field set, as plain JSON values."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return _struct(info, 0)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _struct(info: inspect.StructType, depth: int) -> Any:
    values = {field.encode_name: _value(field.type, field.encode_name, depth + 1) for field in info.fields}
    if info.array_like:
        return list(values.values())
    return {**({info.tag_field: info.tag} if info.tag_field else {}), **values}


def _value(info: inspect.Type, name: str, depth: int) -> Any:
    match info:
        case inspect.StructType():
            return _struct(info, depth)
        case inspect.UnionType():
            return _value(_first(info), name, depth)
        case inspect.ListType():
            return [_value(info.item_type, name, depth)] if depth < 6 else []
        case inspect.TupleType():
            return [_value(item, name, depth) for item in info.item_types]
        case inspect.EnumType():
            first: enum.Enum = next(iter(info.cls))
            return first.value
        case inspect.DictType():
            return {"page": "/pages/product"}
    return _plain(info, name)


def _plain(info: inspect.Type, name: str) -> Any:
    match info:
        case inspect.StrType():
            return _STRINGS.get(name, name[:8])
        case inspect.IntType():
            return (
                1_700_000_000_000
                if name.endswith("_at") or name == "server_time"
                else max(1, int(info.ge or 0))
            )
        case inspect.FloatType():
            return 1.5
        case inspect.BoolType():
            return True
    return {"anything": 1}


def _first(info: inspect.UnionType) -> inspect.Type:
    simple = [item for item in info.types if not isinstance(item, inspect.NoneType)]
    texts = [item for item in simple if isinstance(item, inspect.StructType) and item.tag == "text"]
    return (texts or simple)[0]


def decode(name: str, text: str) -> Struct:
    """Read an example back, strictly by its type."""
    struct = next(item for item in structs() if item.__name__ == name)
    return msgspec.json.decode(text.encode(), type=struct)
