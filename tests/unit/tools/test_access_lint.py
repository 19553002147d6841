from pathlib import Path
from textwrap import dedent

import pytest

from tools.access_lint import check_services, check_source


def faults(body: str) -> list[str]:
    return [f"{verb.split('.')[-1]} {fault}" for _, verb, fault in check_source(dedent(body))]


@pytest.mark.parametrize(
    "body",
    [
        """
        class Messaging:
            async def send(self, caller, id):
                '''Says it.'''
                conversation = await self.access_conversation(caller, id)
        """,
        """
        class Messaging:
            async def send(self, caller, id):
                now = self.clock.now()
                def unit(connection):
                    row = access_conversation(connection, caller, id)
                    return row
                return await self.db.write(unit)
        """,
        """
        class Messaging:
            async def read(self, caller, id):
                return await self.db.read(lambda c: access_conversation(c, caller, id))
        """,
        """
        class Messaging:
            async def read(self, caller, id):
                async with self.db.write() as connection:
                    access_conversation(connection, caller, id)
        """,
        """
        class Messaging:
            def access_conversation(self, id): ...
            def __init__(self, db): ...
            async def _flush(self): ...
            async def send(self, caller, id):
                access_conversation(caller, id)
            async def resend(self, caller, id):
                return await self.send(caller, id)
        """,
        """
        async def send(caller, id):
            access_conversation(caller, id)
        """,
        """
        async def create_group(caller, name):
            check_may_make_group(caller, policy)
        """,
        """
        class _Inner:
            async def write(self, rows): ...
        class Port(Protocol):
            async def write(self, rows): ...
        def rule(now): ...
        """,
    ],
)
def test_a_verb_that_authorizes_first_passes(body: str) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("async def send(id, caller):\n access_x(caller)", "send does not take `caller` first"),
        ("async def send():\n access_x()", "send does not take `caller` first"),
        ("class A:\n async def send(self, id):\n  access_x(id)", "send does not take `caller` first"),
        ("async def send(caller, id):\n ...", "send does not begin with an `access_` call"),
        (
            "async def send(caller, id):\n save(id)\n access_x(caller)",
            "send does not begin with an `access_` call",
        ),
        (
            "async def send(caller):\n x = await load()\n access_x(caller)",
            "send does not begin with an `access_` call",
        ),
        (
            "async def send(caller):\n if caller:\n  access_x(caller)",
            "send does not begin with an `access_` call",
        ),
        (
            "async def send(caller):\n def unit(c):\n  save(c)\n  access_x(c)\n await write(unit)",
            "send does not begin with an `access_` call",
        ),
        ("async def send(caller):\n return await send(caller)", "send does not begin with an `access_` call"),
        (
            "async def a(caller):\n ...\nasync def b(caller):\n a(caller.id)",
            "b does not begin with an `access_` call",
        ),
        ("async def a(caller):\n check_may_write(room)", "a does not begin with an `access_` call"),
        ("async def a(caller):\n other.a(caller)", "a does not begin with an `access_` call"),
    ],
)
def test_a_verb_that_forgets_to_authorize_is_found(body: str, fault: str) -> None:
    assert fault in faults(body)


def test_an_exception_covers_its_verb_alone_and_is_reported_when_it_is_no_longer_needed(
    tmp_path: Path,
) -> None:
    domain = tmp_path / "src" / "chaguan" / "accounts"
    (domain / "store").mkdir(parents=True)
    (domain / "staff.py").write_text(
        "class Staff:\n async def sign_in(self, name): ...\n async def rename(self, name): ...\n"
        "class Hashes:\n async def hash(self, word): ...\n"
    )
    (domain / "store" / "users.py").write_text("async def load(connection): ...\n")
    exceptions = {
        "accounts.Staff.sign_in": "nobody is known yet",
        "accounts.Hashes": "computes",
        "accounts.gone": "…",
    }
    assert list(check_services(tmp_path, exceptions)) == [
        "src/chaguan/accounts/staff.py:3: Staff.rename does not take `caller` first",
        "tools/access_exceptions.py: the exception for accounts.gone is not needed any more; remove it",
    ]


def test_what_domains_stand_on_and_the_edges_hold_no_verbs(tmp_path: Path) -> None:
    for package in ("infra", "gateway"):
        (tmp_path / "src" / "chaguan" / package).mkdir(parents=True)
        (tmp_path / "src" / "chaguan" / package / "a.py").write_text("async def load(name): ...\n")
    assert list(check_services(tmp_path, {})) == []
