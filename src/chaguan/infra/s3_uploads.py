"""Clearing a bucket of uploads in parts that a crash cut short: invisible, but stored and paid for.

The object-store library knows no verb for them, so this speaks S3 itself: two requests, signed as
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html says.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import httpx

from chaguan.infra.blob_stores import Bucket, unavailable

_ALGORITHM = "AWS4-HMAC-SHA256"
_AT_ONCE = 1_000


async def sweep_uploads(bucket: Bucket, older_than_s: float) -> int:
    """Aborts unfinished uploads begun before that time; what fails is left for the next time."""
    swept = 0
    try:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            for key, upload_id, begun_s in await _unfinished(client, bucket):
                if begun_s < older_than_s:
                    await _ask(client, "DELETE", bucket, key, {"uploadId": upload_id})
                    swept += 1
    except (httpx.HTTPError, ElementTree.ParseError, KeyError, ValueError) as error:
        raise unavailable(f"unfinished uploads could not be swept: {type(error).__name__}") from error
    return swept


async def _unfinished(client: httpx.AsyncClient, bucket: Bucket) -> list[tuple[str, str, float]]:
    query = {"max-uploads": str(_AT_ONCE), "prefix": bucket.prefix, "uploads": ""}
    answer = await _ask(client, "GET", bucket, "", query)
    root = ElementTree.fromstring(answer.content)  # noqa: S314  the operator's own store
    found = (
        {child.tag.rpartition("}")[2]: child.text or "" for child in upload}
        for upload in root
        if upload.tag.endswith("Upload")
    )
    return [
        (each["Key"], each["UploadId"], datetime.fromisoformat(each["Initiated"]).timestamp())
        for each in found
    ]


async def _ask(
    client: httpx.AsyncClient, method: str, bucket: Bucket, key: str, query: dict[str, str]
) -> httpx.Response:
    parts = urlsplit(bucket.endpoint)
    place = "" if bucket.virtual_host else f"/{bucket.name}"
    path = quote(f"{place}/{key}" if key else place or "/", safe="/-_.~")
    asked = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    headers = _signed(method, parts.netloc, path, asked, bucket, datetime.now(UTC))
    answer = await client.request(method, f"{parts.scheme}://{parts.netloc}{path}?{asked}", headers=headers)
    return answer.raise_for_status()


def _signed(method: str, host: str, path: str, query: str, bucket: Bucket, now: datetime) -> dict[str, str]:
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    empty = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{empty}"
    scope = f"{day}/{bucket.region}/s3/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{bucket.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    credential = f"{bucket.access_key_id}/{scope}"
    told = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": told}
