"""A bucket that can't work is refused with one sentence that says what to change."""

from pathlib import Path

import pytest

from chaguan.core.settings import ConfigError, load
from chaguan.infra.blob_stores import bucket_of

WORKS = {"endpoint": "https://s3.example.com", "access_key_id": "a", "secret_access_key": "b"}


def test_file_and_environment_together_name_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, secret = tmp_path / "chaguan.toml", tmp_path / "secret"
    secret.write_text("hush\n")
    file.write_text(
        'blobs_url = "s3://tea/im/"\n[s3]\nendpoint = "https://cos.example.com"\n'
        f'secret_access_key_file = "{secret}"\nvirtual_host = true\n'
    )
    monkeypatch.setenv("CHAGUAN_S3_ACCESS_KEY_ID", "key")
    bucket = bucket_of(load(file))
    assert bucket is not None
    assert (bucket.name, bucket.prefix, bucket.endpoint) == ("tea", "im", "https://tea.cos.example.com")
    assert (bucket.access_key_id, bucket.secret_access_key) == ("key", "hush")


def test_without_a_url_blobs_are_in_the_folder() -> None:
    assert bucket_of(load()) is None


@pytest.mark.parametrize(
    ("url", "s3", "says"),
    [
        ("https://s3.example.com/tea", WORKS, "give s3://bucket"),
        ("s3://Tea_House", WORKS, "give s3://bucket"),
        ("s3://", WORKS, "give s3://bucket"),
        ("s3://tea", {**WORKS, "endpoint": ""}, "endpoint, or region"),
        ("s3://tea", {**WORKS, "endpoint": "s3.example.com"}, "give https://host"),
        ("s3://tea", {**WORKS, "endpoint": "https://s3.example.com/tea"}, "without a path"),
        ("s3://tea", {**WORKS, "secret_access_key": ""}, "one of them"),
        ("s3://tea", {**WORKS, "secret_access_key_file": "f"}, "one of them"),
        ("s3://tea", {**WORKS, "access_key_id": ""}, "needs access_key_id"),
        (
            "s3://tea",
            {**WORKS, "secret_access_key": "", "secret_access_key_file": "/nowhere"},
            "can't be read",
        ),
        ("s3://tea", "elsewhere", "Expected `object`"),
    ],
)
def test_a_bucket_that_cannot_work_is_refused(url: str, s3: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load(blobs_url=url, s3=s3)
    assert "\n" not in str(caught.value)
