from tests.accounts_stage import (
    accounts,
    clock,
    db,
    join,
    make_app,
    owner,
    sandbox,
    token_for,
    vault,
)

__all__ = ["accounts", "clock", "db", "join", "make_app", "owner", "sandbox", "token_for", "vault"]
