"""Where blobs are: a local folder or a bucket of an S3-compatible service; and what their failures mean."""

import asyncio
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings

_ANSWER_S = 20
_RETRY_S = 5
_OS_REASON = re.compile(r"([^:\n]+) \(os error \d+\)")
_S3_STATUS = re.compile(r"status code: (\d{3})")
_SETTLED = {
    "NoSuchBucket": "the bucket does not exist",
    "InvalidBucketName": "the bucket's name is not valid",
}

_log = logging.getLogger(__name__)


class Bucket(NamedTuple):
    """A bucket, where in it, and how one gets in. `endpoint` carries the bucket's name if hosts are virtual."""

    name: str
    prefix: str
    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str
    virtual_host: bool


def bucket_of(settings: Settings) -> Bucket | None:
    """The bucket that the settings name; None for the folder."""
    return None if settings.bucket is None else _bucket(settings, *settings.bucket)


def bucket_at(settings: Settings, url: str) -> Bucket:
    """Another bucket of the same service, by its `s3://bucket/prefix`."""
    import msgspec

    found = bucket_of(msgspec.structs.replace(settings, blobs_url=url))
    if found is None:
        raise ConfigError(f"{url!r} is neither a folder nor s3://bucket/prefix")
    return found


def _bucket(settings: Settings, name: str, prefix: str) -> Bucket:
    s3 = settings.s3
    region = s3.region or "us-east-1"
    endpoint = (s3.endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
    if s3.virtual_host:
        scheme, _, host = endpoint.partition("://")
        endpoint = f"{scheme}://{name}.{host}"
    return Bucket(name, prefix, endpoint, region, s3.access_key_id, s3.secret, s3.virtual_host)


def folder_store(folder: Path) -> LocalStore:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(folder)
    except OSError as error:
        raise unavailable(f"the blob folder {folder} cannot be used: {error.strerror}") from error


def bucket_store(bucket: Bucket) -> S3Store:
    with _without_aws_variables():
        return S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            endpoint=bucket.endpoint,
            region=bucket.region,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret_access_key,
            virtual_hosted_style_request=bucket.virtual_host,
            disable_bulk_delete=True,  # not every S3-compatible service has it
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=3),
                # The time from one piece to the next; a whole video may take as long as its reader needs.
                "read_timeout": timedelta(seconds=_ANSWER_S),
                "timeout": timedelta(hours=1),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_RETRY_S)},
        )


@contextmanager
def translated(done: str) -> Iterator[None]:
    """Whatever a store raises, as what it means to a caller."""
    try:
        yield
    except FileNotFoundError as error:
        why = next((told for code, told in _SETTLED.items() if code in str(error)), "")
        if not why and done in ("read", "deleted"):
            raise AppError(ErrorCode.not_found, "no such blob") from error
        raise _failed(done, error, why or reason_of(error)) from error
    except AlreadyExistsError as error:
        raise AppError(ErrorCode.conflict, "a blob of this name exists") from error
    except TimeoutError as error:
        raise _failed(done, error, "it does not answer") from error
    except (BaseError, OSError) as error:
        raise _failed(done, error, reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """In words for an administrator, without paths and addresses, which do not belong in an answer to a stranger."""
    told = str(error)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) and _S3_STATUS.search(told):
        return "the service refused the keys"
    for code, meaning in _SETTLED.items():
        if code in told:
            return meaning
    if found := _OS_REASON.search(told):
        return found[1].strip()
    if "HTTP error" in told:
        return "it does not answer"
    if status := _S3_STATUS.search(told):
        return f"the service answered {status[1]}"
    return type(error).__name__


def is_settled(error: AppError) -> bool:
    """Whether waiting can't help: the configuration is wrong."""
    return error.data.get("settled") is True


def unavailable(detail: str, **data: object) -> AppError:
    return AppError(ErrorCode.unavailable, detail, retry_after_ms=10_000, **data)


def _failed(done: str, error: Exception, why: str) -> AppError:
    _log.error("a blob could not be %s: %s", done, str(error).partition("\n")[0])
    is_wrong = why in _SETTLED.values() or "refused the keys" in why
    return unavailable(
        f"the blob store could not be {done}: {why}", **({"settled": True} if is_wrong else {})
    )


def sync_to_disk(folder: Path, name: str) -> None:
    # The store only renames into place. Without this, a power cut can empty a file that was acknowledged.
    path = folder / name
    for entry in (path, *(parent for parent in path.parents if parent.is_relative_to(folder))):
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def sweep_folder(folder: Path, older_than_s: float) -> int:
    """Writing goes to `name#1` first; a crash leaves that behind."""
    return await asyncio.to_thread(_sweep_folder, folder, older_than_s)


def _sweep_folder(folder: Path, older_than_s: float) -> int:
    swept = 0
    for path in folder.rglob("*#*"):
        if path.is_file() and path.stat().st_mtime < older_than_s:
            path.unlink()
            swept += 1
    return swept


@contextmanager
def _without_aws_variables() -> Iterator[None]:
    """The library takes AWS_* from the environment, some of them before what it is given: a variable meant for
    another program must not redirect a deployment's blobs."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("AWS_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
