from pathlib import Path

import pytest

from tools.store_lint import check_stores, foreign_stores

SERVICE = ("chaguan", "desk", "service")


@pytest.mark.parametrize(
    "source",
    [
        "import chaguan.messaging.store",
        "from chaguan.messaging import store",
        "from chaguan.messaging.store import insert_entry",
        "from ..messaging.store import insert_entry",
        "from ..messaging import store as log",
        "def f():\n    from chaguan.messaging import store",
    ],
)
def test_an_import_of_another_domains_store_is_found(source: str) -> None:
    assert [store for _, store in foreign_stores(source, SERVICE)] == ["chaguan.messaging.store"]


@pytest.mark.parametrize(
    "source",
    [
        "from chaguan.desk import store",
        "from . import store",
        "from .store import rows",
        "import chaguan.messaging",
    ],
)
def test_a_domain_may_import_its_own_store_and_other_doors(source: str) -> None:
    assert list(foreign_stores(source, SERVICE)) == []


def test_the_package_door_is_looked_at_too(tmp_path: Path) -> None:
    door = tmp_path / "src" / "chaguan" / "desk" / "__init__.py"
    door.parent.mkdir(parents=True)
    door.write_text("from ..messaging.store import insert_entry\nfrom .store import rows\n")
    assert list(check_stores(tmp_path)) == [
        "src/chaguan/desk/__init__.py:1: imports chaguan.messaging.store, the store of another domain"
    ]
