"""What the server answered one person, in a few bytes a command: it is held against the log at the end."""

import zlib
from array import array
from collections import defaultdict


def short_key(key: str) -> int:
    """The random half of a `client_msg_id`."""
    return int(key[19:23] + key[24:], 16)


def short_id(raw: bytes) -> int:
    """The same of a key as it is stored."""
    return int.from_bytes(raw[8:], "big")


def words_of(text: str) -> int:
    """What was written, in four bytes; 0 where nothing was."""
    return zlib.crc32(text.encode()) if text else 0


class Kept:
    """Everything acknowledged in one conversation, in the order of the answers."""

    def __init__(self) -> None:
        self.keys, self.seqs, self.words = array("Q"), array("I"), array("I")


class Record:
    def __init__(self) -> None:
        self.kept: dict[str, Kept] = defaultdict(Kept)
        self.refused: dict[str, set[int]] = defaultdict(set)
        """Keys that the server refused at once: nothing of them may be stored."""
        self.doubtful: dict[str, dict[int, int]] = defaultdict(dict)
        """Keys refused only when they were sent again, with what was written: the first attempt may have arrived, and
        the right to it been lost since."""

    def keep(self, conversation_id: str, key: str, seq: int, words: int = 0) -> None:
        kept = self.kept[conversation_id]
        kept.keys.append(short_key(key))
        kept.seqs.append(seq)
        kept.words.append(words)

    def refuse(self, conversation_id: str, key: str, *, was_sent_before: bool, words: int = 0) -> None:
        if was_sent_before:
            self.doubtful[conversation_id][short_key(key)] = words
        else:
            self.refused[conversation_id].add(short_key(key))

    @property
    def rooms(self) -> set[str]:
        return self.kept.keys() | self.refused.keys() | self.doubtful.keys()
