"""Reading the flat XML of WeChat's pushes, and nothing else that XML can be.

No document type, so no entities to expand or fetch; few levels and few elements. expat does the reading and stops at
the first thing that is refused, so a hostile body costs no more than the bytes before it.
"""

from typing import Any
from xml.parsers import expat

MAX_DEPTH = 8
MAX_ELEMENTS = 256


class Malformed(ValueError):
    """Not the XML that WeChat sends."""


def read_flat(body: bytes) -> dict[str, str]:
    """The texts of the elements right below the root, by name; what lies deeper is passed over."""
    reader = _Reader()
    # The encoding that a document claims is overridden: WeChat's is UTF-8.
    parser: Any = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Malformed(f"XML: {expat.ErrorString(error.code)}") from None
    return reader.found


def write_flat(values: dict[str, str | int]) -> bytes:
    """For the sandbox: texts in CDATA and numbers bare, as WeChat writes them."""
    parts = [
        f"<{name}>{value if isinstance(value, int) else _cdata(value)}</{name}>"
        for name, value in values.items()
    ]
    return f"<xml>{''.join(parts)}</xml>".encode()


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._depth = 0
        self._elements = 0
        self._name = ""
        self._text: list[str] = []

    def begin(self, name: str, _attributes: object) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise Malformed("XML: nested too deeply, or too much of it")
        if self._depth == 2:
            self._name, self._text = name, []

    def end(self, _name: str) -> None:
        if self._depth == 2:
            if self._name in self.found:
                raise Malformed("XML: an element twice")
            self.found[self._name] = "".join(self._text)
        self._depth -= 1

    def text(self, text: str) -> None:
        if self._depth == 2:
            self._text.append(text)

    def refuse(self, *_: object) -> None:
        raise Malformed("XML: a document type")
