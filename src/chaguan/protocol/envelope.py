"""What fields of commands have in common: the forms of numbers, keys, seqs, limits and names."""

from typing import Annotated

from msgspec import Meta

from chaguan.protocol.content import Id

Number = Annotated[int, Meta(ge=0, le=2**53)]
"""The client's own number of a command, by which its answer is known."""
Key = Annotated[str, Meta(min_length=36, max_length=36, pattern="^[0-9a-fA-F-]{36}$")]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Limit = Annotated[int, Meta(ge=1, le=200)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Ids = Annotated[list[Id], Meta(max_length=200)]
Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
Language = Annotated[str, Meta(max_length=35, pattern="^[A-Za-z0-9-]*$")]
"""A BCP 47 tag such as `zh-CN` or `en`; empty: not said."""
