"""The whole desk at once, in Chromium, against a real server: see `play.py` for what happens.

`SHOTS=<folder>` plays it once in each language and keeps pictures there; else it is played once, each in a language of
their own.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import browser as browser  # a fixture
from tests.e2e.console.office import SHOTS
from tests.e2e.desk.play import Play
from tests.e2e.desk.stage import Stage, open_tea_shop
from tests.e2e.desk.words import ALL_EN, ALL_ZH, MIXED, Cast
from tests.e2e.process import Served


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    opened = await open_tea_shop(tmp_path / "data")
    try:
        yield opened
    finally:
        opened.stop()


@pytest.mark.parametrize("cast", [ALL_ZH, ALL_EN] if SHOTS else [MIXED], ids=lambda cast: cast.name)
async def test_three_customers_two_agents_and_a_supervisor_have_a_day_that_wall_and_report_tell_rightly(
    served: Served, browser: Browser, cast: Cast
) -> None:
    stage = Stage(served, browser, cast)
    play = Play(stage)
    try:
        await play.the_shop_opens()
        if SHOTS:
            await play.the_boss_looks_at_what_was_settled()
        await play.two_customers_come()
        await play.the_line_moves()
        await play.mei_takes_and_notes()
        await play.the_boss_whispers()
        await play.mei_passes_her_on()
        await play.the_bot_begins()
        await play.a_person_takes_over_with_all_that_was_said()
        await play.cases_end_and_are_rated()
        await play.she_asks_again()
        await play.wall_and_report_agree_with_the_log()
    finally:
        await stage.close()
    assert not stage.office.faults.left()
