"""Every test here runs on a folder and on a bucket of a real S3 server."""

import os
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from chaguan.infra.blob_stores import Bucket
from chaguan.infra.blobs import Blobs
from tools.servers.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    try:
        yield server.start()
    finally:
        server.stop()


def bucket_for(server: S3Server, prefix: str, **other: str) -> Bucket:
    values = {"name": BUCKET, "region": REGION, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
    return Bucket(prefix=prefix, endpoint=server.endpoint, virtual_host=False, **{**values, **other})


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    """A prefix of its own in the one bucket."""
    return bucket_for(s3, f"t{os.urandom(6).hex()}/blobs")


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return Blobs.in_folder(tmp_path / "blobs")
    return Blobs.in_bucket(request.getfixturevalue("bucket"))


def names(blobs: Blobs) -> list[str]:
    return sorted(each["path"] for page in obstore.list(blobs.store) for each in page)
