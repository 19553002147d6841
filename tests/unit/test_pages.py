"""The built web pages, served."""

from pathlib import Path

import pytest
from litestar.testing import create_test_client

from chaguan import pages as module


@pytest.mark.parametrize("name", ["console", "demo"])
def test_a_page_named_without_its_last_slash_leads_to_where_its_parts_are_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name / "assets").mkdir(parents=True)
    (tmp_path / name / "index.html").write_text("<script src='assets/main.js'></script>")
    (tmp_path / name / "assets" / "main.js").write_text("ready()")
    monkeypatch.setattr(module, "WEB", tmp_path)
    with create_test_client(module.pages(demo=True, login=str)) as client:
        answer = client.get(f"/{name}?x=1", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/{name}/?x=1")
        page = client.get(f"/{name}")
        assert "assets/main.js" in page.text
        assert client.get(str(page.url.join("assets/main.js"))).text == "ready()"
