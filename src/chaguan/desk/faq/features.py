"""A text as weighted features: what it means, the words it uses, pairs of characters, how it sounds."""

from chaguan.desk.faq.english import Speller, stem
from chaguan.desk.faq.lexicon import Lexicon, Meaning, Span
from chaguan.desk.faq.script import fold, is_chinese, sound, units

Features = dict[str, float]
"""`c:` a concept, `w:` a word, `u:` a character, `b:` a pair of them, `s:` how a pair sounds. Of phrases only, `e:` any
word at all, `q:` two that follow one another, `v:` any character: fillers tell nothing of a subject, but in "how hot" and
"give back" they make the phrase."""

KNOWN_WORD = 0.35
"""A word whose concept is known counts a little for itself."""
OWN_WORD, NUMBER = 1.4, 0.5
PAIR, SINGLE, SOUND = 1.1, 0.5, 0.3
FAMILIAR_PAIR = 0.3
HEARD = 0.6
ANY_WORD, TWO_WORDS, ANY_CHARACTER = 0.3, 0.5, 0.3
MOST = 400
"""Features of one text; what comes later is left out."""


class Reader:
    """Turns texts into features. With `vocabulary`, words unknown to it and to the lexicon are taken for slips."""

    def __init__(self, lexicon: Lexicon, vocabulary: Speller | None = None) -> None:
        self._lexicon = lexicon
        self._vocabulary = vocabulary

    def read_phrase(self, text: str) -> tuple[Features, Features]:
        """What `read` finds, and besides what is needed only to compare ways of putting things."""
        turns: Features = {}
        before = ""
        for unit in units(fold(text))[:MOST]:
            if is_chinese(unit):
                before = ""
                for character in unit:
                    turns["v:" + character] = ANY_CHARACTER
                continue
            word = self._spelled(stem(unit))
            turns["e:" + word] = ANY_WORD
            if before:
                turns[f"q:{before} {word}"] = TWO_WORDS
            before = word
        return self.read(text), turns

    def read(self, text: str) -> Features:
        found: Features = {}
        words: list[str] = []
        for unit in units(fold(text)):
            if len(found) > MOST:
                break
            if is_chinese(unit):
                self._read_words(words, found)
                words = []
                self._read_run(unit, found)
            else:
                words.append(self._spelled(stem(unit)))
        self._read_words(words[:MOST], found)
        return found

    def words_of(self, text: str) -> set[str]:
        """The stems that a slip may be corrected to."""
        return {stem(unit) for unit in units(fold(text)) if not is_chinese(unit) and unit.isalpha()}

    def _spelled(self, word: str) -> str:
        if self._vocabulary is None or not word.isascii() or not word.isalpha():
            return word
        if word in self._vocabulary or word in self._lexicon.speller:
            return word
        return self._vocabulary.correct(word) or self._lexicon.speller.correct(word) or word

    def _read_words(self, words: list[str], found: Features) -> None:
        for span in self._lexicon.split_words(words):
            inside = words[span.start : span.end]
            if span.meaning is None:
                _add(found, "w:" + inside[0], NUMBER if inside[0].isdigit() else OWN_WORD)
                continue
            self._mean(span.meaning, 1.0, found)
            for word, meaning in zip(inside, self._lexicon.inner_words(inside), strict=True):
                if meaning:
                    _add(found, "w:" + word, KNOWN_WORD)
                    if len(inside) > 1:
                        self._mean(meaning, KNOWN_WORD, found)

    def _read_run(self, run: str, found: Features) -> None:
        spans = self._lexicon.split_chinese(run)
        told = _told(run, spans)
        for span in spans:
            if span.meaning:
                self._mean(span.meaning, 1.0, found)
                _add(found, "w:" + run[span.start : span.end], KNOWN_WORD)
            elif span.meaning is None:
                _add(found, "u:" + run[span.start], SINGLE)
                self._hear(run, span.start, found)
        for at in range(len(run) - 1):
            kinds = told[at], told[at + 1]
            if kinds == (FILLER, FILLER):
                continue
            weight = PAIR if UNKNOWN in kinds else FAMILIAR_PAIR
            if FILLER in kinds:
                weight /= 2
            _add(found, "b:" + run[at : at + 2], weight)
            _add(found, f"s:{sound(run[at])} {sound(run[at + 1])}", SOUND)

    def _hear(self, run: str, at: int, found: Features) -> None:
        """A character that makes no sense may be the wrong one of those that sound alike: 退筐 for 退款."""
        if self._vocabulary is None:
            return
        for length in (4, 3, 2):
            for start in range(max(0, at - length + 1), min(at, len(run) - length) + 1):
                meaning = self._lexicon.heard(run[start : start + length])
                if meaning:
                    self._mean(meaning, HEARD, found)
                    return

    def _mean(self, meaning: Meaning, share: float, found: Features) -> None:
        for concept, weight in meaning.items():
            _add(found, "c:" + concept, share * weight * self._lexicon.weights.get(concept, 1.0))


UNKNOWN, FILLER, WORD = range(3)


def _told(run: str, spans: list[Span]) -> list[int]:
    """For each character, whether it belongs to a word that tells something, to a filler, or to nothing known."""
    kinds = [UNKNOWN] * len(run)
    for span in spans:
        if span.meaning is not None:
            kinds[span.start : span.end] = [WORD if span.meaning else FILLER] * (span.end - span.start)
    return kinds


def _add(found: Features, name: str, weight: float) -> None:
    if weight > found.get(name, 0.0):
        found[name] = weight
