"""Async tests run on the loop that serves in production."""

from collections.abc import Callable, Mapping

import hypothesis  # noqa: F401  loaded late, at the summary, it can end the whole run on Python 3.11
import pytest
import uvloop

from tests.databases import database_url, open_database, postgres

__all__ = ["database_url", "open_database", "postgres"]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], object]]:
    return {"uvloop": uvloop.new_event_loop}
