"""The log says where and what kind, never what somebody wrote."""

import asyncio
import io
import json
import logging
import threading

import pytest

from chaguan.core import trace
from chaguan.core.logs import HumanLines, JsonLines, Sparing, Stages
from chaguan.core.trace import Batch
from chaguan.platforms.sandbox import SandboxWeChat, sandbox_app

SECRET = "我的地址是翠湖路 5 号"


@pytest.fixture
def written():
    """A logger of our own and what it wrote, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.Logger("chaguan.test", logging.INFO)
    logger.addHandler(handler)
    return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_exceptions_text_is_left_out_in_both_forms(written) -> None:
    logger, lines = written
    human = io.StringIO()
    handler = logging.StreamHandler(human)
    handler.setFormatter(HumanLines())
    logger.addHandler(handler)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("it broke")
    (line,) = lines()
    assert line["error"] == "ValueError" and "test_logs.py" in line["at"]
    assert SECRET not in json.dumps(line, ensure_ascii=False) and SECRET not in human.getvalue()


async def test_what_asyncio_reports_does_not_quote_what_a_callback_was_given() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:
        done = asyncio.Event()

        def breaks(_frame: str) -> None:
            asyncio.get_running_loop().call_soon(done.set)
            raise ValueError(SECRET)

        asyncio.get_running_loop().call_soon(breaks, SECRET)
        await done.wait()
    finally:
        logger.removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert line["error"] == "ValueError" and line["message"].startswith("Exception in callback")
    assert SECRET not in stream.getvalue()


def test_a_slow_command_is_followed_through_batch_and_push(written) -> None:
    logger, lines = written
    following = trace.Trace()
    following.batch = Batch(7, 3, 0.5)
    following.batch.commit_s, following.batch.push_s = 0.25, 0.001
    Stages(logger, slow_s=0.5).told(following, "SendMessage", "ok", 0.8)
    told = lines()
    assert {line["trace_id"] for line in told} == {following.id}
    assert [line["message"] for line in told] == [
        "slow SendMessage",
        "log writer: batch stored",
        "pushes handed out",
    ]
    assert (told[0]["ms"], told[1]["commit_ms"], told[2]["batch"]) == (800, 250, 7)


def test_a_batch_that_failed_is_said_to_have_failed(written) -> None:
    logger, lines = written
    following = trace.Trace()
    following.batch = Batch(8, 1, 0)
    Stages(logger, slow_s=1).told(following, "SendMessage", "internal", 0.1)
    assert [line["message"] for line in lines()] == ["SendMessage", "log writer: the batch was not stored"]


def test_a_quick_command_costs_no_line(written) -> None:
    logger, lines = written
    Stages(logger, slow_s=1).told(trace.Trace(), "SendMessage", "ok", 0.1)
    assert lines() == []


def test_a_storm_of_slow_commands_does_not_fill_the_disk(written) -> None:
    logger, lines = written
    now = [0.0]
    sparing = Sparing(most=5, span_s=10, clock=lambda: now[0])
    stages = Stages(logger, 0.1, sparing)
    for _ in range(100):
        stages.told(trace.Trace(), "Hello", "ok", 1)
    assert (len(lines()), sparing.withheld, stages.slow) == (5, 95, 100)
    now[0] = 11
    stages.told(trace.Trace(), "Hello", "ok", 1)
    assert len(lines()) == 6


def test_each_task_has_its_own_trace() -> None:
    async def one() -> str:
        begun = trace.begin()
        await asyncio.sleep(0)
        assert trace.current() is begun
        return begun.id

    async def both() -> list[str]:
        return await asyncio.gather(one(), one())

    first, second = asyncio.run(both())
    assert first != second and len(first) == len(second) == 16


def test_an_application_that_is_made_leaves_the_log_as_it_is_and_no_thread_behind() -> None:
    """The framework's own logging takes the root logger over and starts a thread that nothing ends."""
    handlers, threads = logging.getLogger().handlers[:], set(threading.enumerate())
    for _ in range(3):
        sandbox_app(SandboxWeChat({}))
    assert logging.getLogger().handlers == handlers
    assert set(threading.enumerate()) == threads
