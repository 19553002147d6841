"""What the bench's people say: sentences of a shop's day, one a line, so that sizes and words are like real ones."""

from functools import cache
from pathlib import Path

import msgspec

SENTENCES = Path(__file__).with_name("corpus.zh.txt")


@cache
def contents() -> list[bytes]:
    """Text contents as they stand in a command, in JSON."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    said = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [msgspec.json.encode({"type": "text", "text": sentence}) for sentence in said]
