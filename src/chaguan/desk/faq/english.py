"""English words made comparable: endings removed, and slips of the finger found again."""

from collections.abc import Iterable
from functools import lru_cache

_IRREGULAR = {
    "bought": "buy", "sent": "send", "paid": "pay", "came": "come", "got": "get", "gotten": "get", "went": "go",
    "broke": "break", "broken": "break", "lost": "lose", "kept": "keep", "said": "say", "gave": "give",
    "given": "give", "forgot": "forget", "forgotten": "forget", "chose": "choose", "chosen": "choose",
    "shipment": "ship", "delivery": "deliver", "deliveries": "deliver", "children": "child", "feet": "foot",
    "shipped": "ship", "wore": "wear", "worn": "wear", "ate": "eat", "drank": "drink", "sold": "sell",
    "payment": "pay", "payments": "pay", "refundable": "refund", "returnable": "return", "arrival": "arrive",
    "cancellation": "cancel", "cancelled": "cancel", "cancelling": "cancel", "canceled": "cancel",
}  # fmt: skip
_VOWELS = set("aeiouy")


@lru_cache(20_000)
def stem(word: str) -> str:
    """A word without its most common endings; not a word of English, but the same for its forms."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3:
        return word
    return _without_e(_verb(_singular(word)))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _verb(word: str) -> str:
    for ending in ("ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and _VOWELS & set(rest):
            if rest[-1] == rest[-2] and rest[-1] not in "lsze":
                rest = rest[:-1]
            return rest[:-1] + "y" if rest.endswith("i") else rest
    return word


def _without_e(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


class Speller:
    """Finds the known word that differs by one letter left out, added, changed or swapped with its neighbour."""

    def __init__(self, words: Iterable[str]) -> None:
        self._near: dict[str, list[str]] = {}
        self._known: dict[str, int] = {}
        for word in words:
            self.add(word)

    def add(self, word: str) -> None:
        self._known[word] = self._known.get(word, 0) + 1
        if self._known[word] == 1:
            for near in _shortened(word):
                self._near.setdefault(near, []).append(word)

    def remove(self, word: str) -> None:
        self._known[word] -= 1
        if not self._known[word]:
            del self._known[word]
            for near in _shortened(word):
                self._near[near].remove(word)
                if not self._near[near]:
                    del self._near[near]

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def correct(self, word: str) -> str:
        """The known word nearest to an unknown one, or ""."""
        if not 4 <= len(word) <= 20:
            return ""
        found = {known for near in _shortened(word) for known in self._near.get(near, ())}
        close = [
            known for known in found if known[0] == word[0] and len(known) >= 4 and _is_slip(word, known)
        ]
        return min(close, key=lambda known: (sorted(known) != sorted(word), known), default="")


def _shortened(word: str) -> set[str]:
    if not 4 <= len(word) <= 20:
        return set()
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _is_slip(word: str, known: str) -> bool:
    if len(word) != len(known):
        return True  # one is the other without a letter: that is how it was found
    wrong = [at for at in range(len(word)) if word[at] != known[at]]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and word[first] == known[second] and word[second] == known[first]
    return len(wrong) == 1 and len(word) >= 5
