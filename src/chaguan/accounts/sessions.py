"""Ends every way of signing in: a device, a refresh session, and the pair of tokens made from it."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access_tokens import (
    ACCESS_LIFE_MS,
    RefreshSession,
    TokenSigner,
    issue_access_token,
    new_refresh_session,
    refresh_token_of,
)
from chaguan.accounts.authenticate import MAX_DEVICE_ID
from chaguan.accounts.profile import clean_name
from chaguan.accounts.store import devices as store
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import User


class Visitor(msgspec.Struct, frozen=True):
    """Who asks before they are a caller: an address and the device they will sign in on."""

    address: str
    device_id: str = ""
    device_name: str = ""
    platform: str = ""


class SignedIn(msgspec.Struct, kw_only=True):
    """Signed in. `access_token` is good until `expires_at` (UTC ms), `refresh_token` once, for the next pair.

    `must_change_password`: the password was made by somebody else; ask for a new one before anything else.
    """

    access_token: str
    expires_at: int
    refresh_token: str
    device_id: str
    user: User
    role: str = ""
    must_change_password: bool = False


def new_session(visitor: Visitor, user: User, app_id: str, now: int) -> RefreshSession:
    if not 0 < len(visitor.device_id) <= MAX_DEVICE_ID or not visitor.device_id.isprintable():
        raise AppError(
            ErrorCode.bad_request, f"device_id has 1 to {MAX_DEVICE_ID} characters", field="device_id"
        )
    return new_refresh_session(user.id, visitor.device_id, user.kind.value, app_id, now)


def store_session(connection: Connection, session: RefreshSession, visitor: Visitor) -> None:
    store.sign_in_device(
        connection,
        session,
        name=clean_name(visitor.device_name),
        platform=clean_name(visitor.platform)[:40],
        address=visitor.address[:64],
    )


def signed_in(
    signer: TokenSigner,
    session: RefreshSession,
    user: User,
    now: int,
    role: str = "",
    must_change_password: bool = False,
) -> SignedIn:
    return SignedIn(
        access_token=issue_access_token(signer, session, now),
        expires_at=min(now + ACCESS_LIFE_MS, session.expires_at),
        refresh_token=refresh_token_of(signer, session),
        device_id=session.device_id,
        user=user,
        role=role,
        must_change_password=must_change_password,
    )
