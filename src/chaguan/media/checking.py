"""Whether the blobs that a database names are in the store, whole and as they were taken in."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.blobs import Blobs
from chaguan.infra.sealing import DamagedError, Vault
from chaguan.media.service import DIGESTS, ORIGINAL, THUMB, blob_name, key_owner
from chaguan.media.tables import media, media_keys

_AT_ONCE = 200


class CheckedMedia(NamedTuple):
    """`problems` name its blobs that are missing or damaged."""

    problems: list[str]
    size: int


async def check_media(
    connection: Connection, vault: Vault, blobs: Blobs, used_from: int = 0
) -> AsyncIterator[CheckedMedia]:
    """All that messages use, by id; those whose owner's key was destroyed can't be read and are left out. Each is read
    to its end: the seal of every chunk, the size and the digest must be right."""
    digest_key = vault.derive(DIGESTS)
    columns = (media.c.id, media.c.owner_id, media.c.thumb_mime, media.c.size, media.c.digest)
    used = media.c.deleted_at.is_(None) & media.c.used_at.is_not(None) & (media.c.used_at >= used_from)
    query = select(*columns, media_keys.c.wrapped).join(media_keys, media_keys.c.owner_id == media.c.owner_id)
    after = ""
    while page := connection.execute(
        query.where(used, media.c.id > after).order_by(media.c.id).limit(_AT_ONCE)
    ).all():
        connection.rollback()  # ends the read: a long one would keep the write-ahead log from shrinking
        for media_id, owner_id, thumb_mime, size, digest, wrapped in page:
            key = vault.unwrap(key_owner(owner_id), wrapped)
            problems = []
            for variant in (ORIGINAL, *((THUMB,) if thumb_mime else ())):
                name = blob_name(media_id, variant)
                found = hashlib.sha256()
                try:
                    blob = await blobs.open(name, key)
                    async for part in blob.read():
                        found.update(part)
                except DamagedError:
                    problems.append(f"{name} (damaged)")
                    continue
                except AppError as error:
                    if error.code is not ErrorCode.not_found:
                        raise
                    problems.append(f"{name} (missing)")
                    continue
                is_right = blob.size == size and hmac.compare_digest(
                    hmac.digest(digest_key, found.digest(), hashlib.sha256), digest
                )
                if variant == ORIGINAL and not is_right:
                    problems.append(f"{name} (another one)")
            yield CheckedMedia(problems, size)
        after = page[-1].id
