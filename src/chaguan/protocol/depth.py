"""How deep free JSON may be nested. What is taken in must also be given out again, wherever a reader stands."""

MAX_DEPTH = 32


def check_depth(value: object, limit: int = MAX_DEPTH) -> None:
    """ValueError for JSON nested deeper than `limit`. Decoders stop at some thousand levels less those of the Python
    that calls them, so a message near that bound could be stored and then not be read from a deeper place."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError(f"nested deeper than {limit} levels")
