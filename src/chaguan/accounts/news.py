"""What this process changed and others remember. `app.py` leads it to them, where there are any."""

from collections.abc import Callable

Tell = Callable[[str, str], None]
"""`(kind, id)`"""

USER, PROFILE, APP, SHOPS = "user", "profile", "app", "shops"


class News:
    """One for all of accounts. Alone it tells nobody."""

    def __init__(self) -> None:
        self.tell: Tell = lambda _kind, _id: None
        self.longest_ms: int | None = None
        """How long what was decided may be remembered at most, where news can get lost."""
