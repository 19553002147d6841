"""Which variables of the environment are settings, and which belong to somebody else."""

import pytest

from chaguan.core.settings import ENVIRONMENT, Settings, load


@pytest.mark.parametrize(
    "stray",
    ["REDIS_URL", "DATABASE_URL", "LOG_LEVEL", "S3_ENDPOINT", "METRICS_TOKEN", "BLOBS_URL", "WORKERS"],
)
def test_a_variable_of_another_program_is_no_setting(stray: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(stray, "redis://somebody-else")
    assert load() == Settings()


def test_only_the_four_that_everybody_starts_with_are_short() -> None:
    short = {name for name in ENVIRONMENT if not name.startswith("CHAGUAN_")}
    assert short == {"HOST", "PORT", "DATA_DIR", "PUBLIC_URL"}


def test_the_environment_goes_before_the_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "chaguan.toml"
    file.write_text('redis_url = "redis://file"\n[s3]\nregion = "file"\n')
    monkeypatch.setenv("CHAGUAN_REDIS_URL", "redis://environment")
    monkeypatch.setenv("CHAGUAN_S3_REGION", "environment")
    settings = load(file)
    assert (settings.redis_url, settings.s3.region) == ("redis://environment", "environment")
