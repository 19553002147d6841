"""What wall and report ask of whoever keeps the customers' ratings."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import Connection


class Rated(Struct, frozen=True):
    """`stars`: 1 to 5."""

    case_id: str
    stars: int
    at: int


Ratings = Callable[[Connection, str, int, int], Sequence[Rated]]
"""Those of a shop that were given in `[first_at, until_at)`."""


def no_ratings(_con: Connection, _shop_id: str, _first_at: int, _until_at: int) -> Sequence[Rated]:
    return ()
