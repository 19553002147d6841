"""The question about a customer, before it is signed."""

from urllib.parse import parse_qs, urlsplit

from chaguan.desk.context import ContextSource, question


def _asked(url: str, language: str) -> dict[str, list[str]]:
    source = ContextSource(url, "secret", "customer & co", "a_app", "")
    return parse_qs(urlsplit(question(source, language)).query)


def test_the_business_is_told_who_and_in_which_language() -> None:
    assert _asked("https://shop.example/context", "en") == {
        "user": ["customer & co"],
        "app": ["a_app"],
        "language": ["en"],
    }


def test_who_names_no_language_asks_as_before() -> None:
    assert "language" not in _asked("https://shop.example/context", "")


def test_a_query_that_the_address_has_already_stays() -> None:
    assert _asked("https://shop.example/context?branch=2", "")["branch"] == ["2"]
