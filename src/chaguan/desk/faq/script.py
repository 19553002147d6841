"""Writing made comparable: widths, cases, traditional characters, numerals; and how characters sound."""

import re
import unicodedata
from bisect import bisect_right
from functools import cache
from importlib.resources import files

CJK = "\u3400-\u4dbf\u4e00-\u9fff"
_APOSTROPHE = re.compile("['’](?:s\\b)?")
"""With the s of a genitive or of "is"; what is left of "isn't" is how many type it."""
_UNIT = re.compile(rf"[{CJK}]+|[a-z]+|\d+(?:\.\d+)?|[^\W\d_a-z{CJK}]+")
_COUNTED = re.compile(
    "([一二两三四五六七八九十]{1,3})(?=天|日|个|年|月|周|小时|分钟|点|块|元|件|折|次|盒|包)"
)
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
LONGEST = 1_000
"""Characters of a text that are looked at; a question is shorter."""


def read_data(name: str) -> str:
    """A file of `words/` without its comments."""
    text = files(__package__).joinpath("words").joinpath(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


@cache
def _simplified() -> dict[int, str]:
    return {ord(pair[0]): pair[1] for pair in read_data("simplified.txt").split()}


def fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST].casefold()
    text = _APOSTROPHE.sub("", text)
    text = text.translate(_simplified())
    return _COUNTED.sub(lambda found: _number(found[1]), text)


def _number(numeral: str) -> str:
    """三 → 3, 十五 → 15, 二十 → 20; what is no numeral below a hundred stays."""
    tens, ten, ones = numeral.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return numeral
    if not ten:
        return str(_DIGITS[ones])
    return str(10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0))


def units(folded: str) -> list[str]:
    """Runs of Chinese characters, and words and numbers of everything else, as they follow one another."""
    found: list[str] = _UNIT.findall(folded)
    return found


def is_chinese(unit: str) -> bool:
    return "\u3400" <= unit[0] <= "\u9fff"


def language_of(text: str) -> str:
    """`zh` or `en`, by what there is more of; a Chinese character counts for a word of two letters."""
    text = text[:LONGEST]
    chinese = sum("\u3400" <= character <= "\u9fff" for character in text)
    return (
        "zh"
        if 2 * chinese >= sum(character.isascii() and character.isalpha() for character in text)
        else "en"
    )


@cache
def _sounds() -> tuple[list[bytes], list[str]]:
    pairs = read_data("sounds.txt").split()
    return [pair[0].encode("gb2312") for pair in pairs], [pair[1:] for pair in pairs]


@cache
def _blurred(syllable: str) -> str:
    """Without what many speakers do not tell apart: zh and z, in and ing."""
    if syllable[:2] in ("zh", "sh", "ch"):
        syllable = syllable[0] + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


@cache
def sound(character: str) -> str:
    """The toneless syllable of a common character, blurred; the character itself where it is none.

    GB 2312 lists its 3,755 common characters in the order of their sound, so that a syllable is the range that begins
    with its first character.
    """
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return character
    firsts, syllables = _sounds()
    if not b"\xb0\xa1" <= code <= b"\xd7\xf9":
        return character
    return _blurred(syllables[bisect_right(firsts, code) - 1])


def sounds(run: str) -> str:
    return " ".join(map(sound, run))
