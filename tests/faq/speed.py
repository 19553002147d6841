"""How long the FAQ bot takes: `python -m tests.faq.speed [entries]`, 3,000 if not said otherwise.

The list is the tea shop's, said anew of one numbered product after the other; the questions are those used for tuning.
"""

import statistics
import sys
import time

from msgspec.structs import replace

from chaguan.desk.faq import Entry, Index
from chaguan.desk.faq.phrasebook import phrasebook
from tests.faq.evaluate import load

ROUNDS = 3


def many(count: int) -> list[Entry]:
    entries, _ = load("tuning")
    return [
        replace(entry, id=f"{number}", question=f"{number} {entry.question}")
        for number, entry in ((number, entries[number % len(entries)]) for number in range(count))
    ]


def main(count: int) -> None:
    began = time.process_time()
    phrasebook()
    print(f"word lists read in {time.process_time() - began:.2f} s, once for each process")
    began = time.process_time()
    index = Index(many(count))
    print(f"index of {count} built in {1000 * (time.process_time() - began) / count:.2f} s for each 1,000")
    took: list[float] = []
    _, questions = load("tuning")
    for question in questions * ROUNDS:
        began = time.process_time()
        index.ask(question.text)
        took.append(1000 * (time.process_time() - began))
    cuts = statistics.quantiles(took, n=100)
    print(f"a question took {cuts[49]:.1f} ms (p50), {cuts[98]:.1f} ms (p99) over {len(took)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
