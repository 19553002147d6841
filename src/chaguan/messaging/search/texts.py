"""What of a message can be found: the words that a person reads in it."""

from chaguan.protocol.content import Card, Content, Custom, File, Location, Text


def text_of(content: Content | None) -> str:
    match content:
        case Text():
            return content.text
        case File():
            return content.name
        case Card():
            lines = (f"{line.label} {line.value}" for line in content.lines)
            return "\n".join([content.title, *lines, content.fallback])
        case Location():
            return f"{content.name}\n{content.address}"
        case Custom():
            return content.fallback
        case _:
            return ""
