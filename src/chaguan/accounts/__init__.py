"""Shops, apps, users, devices; and how they prove who they are."""

from chaguan.accounts.access import (
    Scope,
    access_admin,
    access_scope,
    access_staff,
    access_user,
)
from chaguan.accounts.assembly import Accounts, open_accounts
from chaguan.accounts.audit import record_act
from chaguan.accounts.authenticate import Authenticator, Reauthorize, SignedOut
from chaguan.accounts.directory import Directory
from chaguan.accounts.first_start import FirstAdministrator
from chaguan.accounts.profile import check_name
from chaguan.accounts.secrets import rewrap_keys
from chaguan.accounts.sessions import SignedIn, Visitor
from chaguan.accounts.shops import ContextSource, Shop, Shops
from chaguan.accounts.staff import StaffMember
from chaguan.accounts.store.devices import Device

__all__ = [
    "Accounts",
    "Authenticator",
    "ContextSource",
    "Device",
    "Directory",
    "FirstAdministrator",
    "Reauthorize",
    "Scope",
    "Shop",
    "Shops",
    "SignedIn",
    "SignedOut",
    "StaffMember",
    "Visitor",
    "access_admin",
    "access_scope",
    "access_staff",
    "access_user",
    "check_name",
    "open_accounts",
    "record_act",
    "rewrap_keys",
]
