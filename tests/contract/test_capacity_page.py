"""The table of the explanation is what the command makes of the committed figures."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from chaguan.cli import main

PAGES = ("capacity.md", "capacity.zh-CN.md")
FOLDER = Path("docs/explanation")


def test_the_command_on_the_page_makes_the_tables_that_stand_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PAGES:
        shutil.copy(FOLDER / name, tmp_path / name)
        (command,) = re.findall(
            r"^```table\n(.*?)^```$", (FOLDER / name).read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
        program, *arguments = shlex.split(command.replace("\\\n", " "))
        assert program == "chaguan"
        here = {f"{FOLDER}/{page}": str(tmp_path / page) for page in PAGES}
        for page in PAGES:
            shutil.copy(FOLDER / page, tmp_path / page)
        assert main([here.get(each, each) for each in arguments]) == 0
        capsys.readouterr()
        assert (tmp_path / name).read_text("utf-8") == (FOLDER / name).read_text("utf-8"), f"run: {command}"
