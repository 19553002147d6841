"""What of a message can be found: the words that a person reads in it."""

from chaguan.protocol.content import MAX_TEXT, Card, Content, Custom, File, Location, Merged, Text


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
        case Merged():
            names = "\n".join(sender.name for sender in content.senders)
            said = "\n".join(text_of(item.content) for item in content.items)
            # As much as the longest text: a bundle must not cost the index a dozen times that.
            return f"{names}\n{said}"[:MAX_TEXT]
        case _:
            return ""
