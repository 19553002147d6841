"""What several processes of one deployment need, as far as the settings alone can tell."""

from chaguan.core.settings import ConfigError, Settings
from chaguan.infra.broker import parse_redis_url


def refuse_unworkable(settings: Settings) -> None:
    """Before anything is opened; the text is one sentence that says what to change."""
    if settings.redis_url:
        parse_redis_url(settings.redis_url)
    refuse_apart(settings)


def refuse_apart(settings: Settings) -> None:
    """Processes that would not hear each other."""
    if settings.workers > 1:
        refuse_many(settings, f"--workers {settings.workers}")
    if settings.nodes > 1:
        refuse_many(settings, f"nodes = {settings.nodes}")


def refuse_many(settings: Settings, what: str) -> None:
    """Two processes on one SQLite file would allocate the same seq, and neither would hear what the other wrote."""
    if not settings.is_shared:
        raise ConfigError(
            f"{what} needs a database that several processes may write, and {settings.data} holds SQLite, which is "
            "one process's alone; leave it out, or move to PostgreSQL."
        )
    if not settings.redis_url:
        raise ConfigError(
            f"{what} needs redis_url: without it one process would not hear what another has stored, and people would "
            "see it late."
        )
