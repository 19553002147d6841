"""`/v1/docs`: the API's description as one page that loads nothing from anywhere, and as OpenAPI JSON.

The page is written on the server, so it works without scripts, offline, and under the strictest policy.
"""

import json
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

Schema = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")


class SchemaFile(JsonRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/openapi.json")


class DocsPage(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")
        self._style = (files("chaguan.openapi") / "docs.css").read_text(encoding="utf-8")
        self._page = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Schema) -> bytes:
        if not self._page:
            schema = json.loads(self.render_json(request, openapi_schema))
            self._page = "".join(_page(schema, self._style)).encode()
        return self._page


def _page(schema: Schema, style: str) -> Iterator[str]:
    info = schema["info"]
    title = escape(f"{info['title']} HTTP API")
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{style}</style></head><body>"
    groups = _groups(schema)
    yield '<nav aria-label="Operations">'
    yield f"<h1>{title}</h1><p>Version {escape(info['version'])} · "
    yield '<a href="/v1/docs/openapi.json">openapi.json</a></p>'
    for tag, operations in groups.items():
        yield f"<h2>{escape(tag)}</h2><ul>"
        for method, path, operation in operations:
            yield f'<li><a href="#{_anchor(operation)}">{_badge(method)} {escape(path)}</a></li>'
        yield "</ul>"
    yield "</nav><main>"
    yield _text(info.get("description", ""))
    about = {tag["name"]: tag.get("description", "") for tag in schema.get("tags", [])}
    for tag, operations in groups.items():
        yield f"<section><h2>{escape(tag)}</h2>{_text(about.get(tag, ''))}"
        for method, path, operation in operations:
            yield from _operation(schema, method, path, operation)
        yield "</section>"
    yield '<section><h2 id="types">Types</h2>'
    for name, definition in sorted(schema.get("components", {}).get("schemas", {}).items()):
        yield f'<article id="type-{escape(name)}"><h3>{escape(name)}</h3>'
        yield from _definition(definition)
        yield "</article>"
    yield "</section></main></body></html>"


def _groups(schema: Schema) -> dict[str, list[tuple[str, str, Schema]]]:
    """By tag, in the order of the tags; what has none comes last."""
    found: dict[str, list[tuple[str, str, Schema]]] = {tag["name"]: [] for tag in schema.get("tags", [])}
    for path, item in schema.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["more"])[0]
                found.setdefault(tag, []).append((method, path, item[method]))
    return {tag: operations for tag, operations in found.items() if operations}


def _operation(schema: Schema, method: str, path: str, operation: Schema) -> Iterator[str]:
    yield f'<article id="{_anchor(operation)}"><h3>{_badge(method)} <code>{escape(path)}</code></h3>'
    yield _text(operation.get("description", ""))
    if operation.get("security") == [{}]:
        yield "<p><em>Needs no token.</em></p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<h4>Parameters</h4><table>"
        for one in parameters:
            name = f"<code>{escape(one['name'])}</code> <small>{escape(one['in'])}</small>"
            yield _row(name, one.get("schema", {}), one.get("required", False), one.get("description", ""))
        yield "</table>"
    body = operation.get("requestBody", {}).get("content", {})
    for media_type, content in body.items():
        yield f"<h4>Body <small>{escape(media_type)}</small></h4><p>{_type(content.get('schema', {}))}</p>"
        example = _example(schema, content.get("schema", {}))
        if example is not None:
            text = json.dumps(example, ensure_ascii=False, indent=2)
            yield f"<pre>{escape(text)}</pre>"
    yield "<h4>Answers</h4><table>"
    for status, answer in sorted(operation.get("responses", {}).items()):
        kinds = [_type(content.get("schema", {})) for content in answer.get("content", {}).values()]
        told = _inline(answer.get("description", "")) if int(status) >= HTTPStatus.BAD_REQUEST else ""
        yield f"<tr><th>{escape(status)}</th><td>{' '.join(kinds)}</td><td>{told}</td></tr>"
    yield "</table></article>"


def _definition(definition: Schema) -> Iterator[str]:
    yield _text(definition.get("description", ""))
    properties = definition.get("properties", {})
    if not properties:
        yield f"<p>{_type(definition)}</p>"
        return
    required = set(definition.get("required", []))
    yield "<table>"
    for name, schema in properties.items():
        yield _row(f"<code>{escape(name)}</code>", schema, name in required, schema.get("description", ""))
    yield "</table>"


def _row(name: str, schema: Schema, required: bool, description: str) -> str:
    mark = "" if required else "<small>optional</small>"
    return f"<tr><th>{name} {mark}</th><td>{_type(schema)}</td><td>{_inline(description)}</td></tr>"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[1])
        return f'<a href="#type-{name}">{name}</a>'
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(_type(option) for option in schema[key])
    if "enum" in schema:
        return " ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minLength", "from"),
            ("maxLength", "to"),
            ("minimum", "from"),
            ("maximum", "to"),
        )
        if key in schema
    ]
    return escape(" or ".join(kind) if isinstance(kind, list) else str(kind)) + (
        f" <small>{escape(' '.join(bounds))}</small>" if bounds else ""
    )


def _example(schema: Schema, body: Schema, depth: int = 0) -> Any:
    """A body that would be understood, from the fields' own examples."""
    if "$ref" in body:
        name = str(body["$ref"]).rsplit("/", 1)[1]
        return (
            None if depth > 3 else _example(schema, schema["components"]["schemas"].get(name, {}), depth + 1)
        )
    if "properties" in body:
        return {name: _value(schema, one, depth) for name, one in body["properties"].items()}
    return None


_PLAIN: dict[str, Any] = {"string": "…", "integer": 0, "number": 0, "boolean": False, "object": {}}


def _value(schema: Schema, one: Schema, depth: int) -> Any:
    examples = one.get("examples")
    if examples:
        return examples[0] if isinstance(examples, list) else next(iter(examples.values()))
    for key in ("oneOf", "anyOf"):
        if key in one:
            return _value(schema, one[key][0], depth)
    if "$ref" in one:
        target = schema["components"]["schemas"].get(str(one["$ref"]).rsplit("/", 1)[1], {})
        return target["enum"][0] if "enum" in target else _example(schema, one, depth)
    if "enum" in one:
        return one["enum"][0]
    if one.get("type") == "array":
        return [_value(schema, one.get("items", {}), depth)]
    return _PLAIN.get(str(one.get("type")))


def _anchor(operation: Schema) -> str:
    return escape(str(operation.get("operationId", "")))


def _badge(method: str) -> str:
    return f'<b class="{method}">{method.upper()}</b>'


def _text(text: str) -> str:
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    return "".join(f"<p>{_inline(block)}</p>" for block in blocks if block)


def _inline(text: str) -> str:
    """Backquotes become code; everything else is shown as it is."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
