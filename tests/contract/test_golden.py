"""The golden files: what the wire looks like, type by type."""

from pathlib import Path

import msgspec
import pytest

from chaguan import artefacts
from chaguan.protocol import golden
from chaguan.protocol.commands import Command
from chaguan.protocol.schema import REPLY_OF

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("struct", golden.structs(), ids=lambda struct: struct.__name__)
def test_each_golden_file_reads_back_and_writes_the_same(struct):
    text = (ROOT / "tests/golden/protocol" / f"{struct.__name__}.json").read_text(encoding="utf-8")
    decoded = golden.decode(struct.__name__, text)
    assert isinstance(decoded, struct)
    again = msgspec.json.decode(msgspec.json.encode(decoded), type=struct)
    assert again == decoded


def test_the_committed_files_are_what_the_structs_say():
    assert artefacts.stale(ROOT) == []


def test_a_changed_type_is_noticed(tmp_path):
    artefacts.write(tmp_path)
    assert artefacts.stale(tmp_path) == []
    file = tmp_path / "schema/protocol.schema.json"
    file.write_text(
        file.read_text(encoding="utf-8").replace("send_message", "post_message"), encoding="utf-8"
    )
    assert artefacts.stale(tmp_path) == [Path("schema/protocol.schema.json")]


def test_every_command_says_what_answers_it():
    assert set(REPLY_OF) == set(Command.__args__)


def test_unknown_fields_are_ignored():
    text = '{"type": "heartbeat", "id": 1, "from_the_future": {"x": [1]}}'
    assert msgspec.json.decode(text, type=Command).id == 1
