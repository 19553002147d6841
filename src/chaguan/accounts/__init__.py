"""Shops, apps, users, devices; and how they prove who they are."""

from chaguan.accounts.authenticate import Authenticator, SignedOut
from chaguan.accounts.directory import Directory
from chaguan.accounts.service import Accounts, open_accounts

__all__ = ["Accounts", "Authenticator", "Directory", "SignedOut", "open_accounts"]
