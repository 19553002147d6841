"""The command: figures and a demand in, a plan out."""

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

import msgspec

from chaguan.bench import figures
from chaguan.bench.figures import Figure
from chaguan.capacity import pages, report
from chaguan.capacity.demand import Demand, Nonsense, check
from chaguan.capacity.measured import measured
from chaguan.capacity.plan import make_plan

DEFAULT = Path("figures.json")


def run(options: argparse.Namespace) -> int:
    try:
        demand = _demand(options)
        found = _figures(options)
        plan = make_plan(demand, cost := measured(found, demand.transport))
    except Nonsense as error:
        print(f"chaguan capacity: {error}", file=sys.stderr)
        return 2
    for page in options.page or ():
        page.write_text(pages.into_page(page, demand, cost), encoding="utf-8")
    print(
        report.as_json(demand, cost, plan) if options.as_json else report.as_text(demand, cost, plan), end=""
    )
    return 0


def _demand(options: argparse.Namespace) -> Demand:
    asked = {field.name: getattr(options, field.name) for field in msgspec.structs.fields(Demand)}
    for name in ("online", "messages_per_day"):
        if asked[name] is None:
            raise Nonsense(f"--{name.replace('_', '-')} is needed: how much is expected?")
    return check(Demand(**asked))


def _figures(options: argparse.Namespace) -> list[Figure]:
    if options.measure:
        if options.figures is not None:
            raise Nonsense("--measure makes figures and --figures names some: give one of them")
        return _measure_now()
    path = options.figures or DEFAULT
    try:
        return figures.read(path)
    except FileNotFoundError as error:
        raise Nonsense(
            f"there is no {path}: `chaguan bench --json {path}` measures this machine (about six minutes), "
            "or say --measure for a quick look"
        ) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise Nonsense(f"{path} is not what `chaguan bench --json` writes ({error})") from error


def _measure_now() -> list[Figure]:
    from chaguan.bench.options import add_options
    from chaguan.bench.run import run as run_bench

    with tempfile.TemporaryDirectory(prefix="chaguan-capacity-") as folder:
        file = Path(folder) / "figures.json"
        parser = argparse.ArgumentParser()
        add_options(parser)
        asked = parser.parse_args(["--quick", "--json", str(file)])
        # What is printed is the plan, perhaps as JSON; the bench tells its figures beside it.
        with contextlib.redirect_stdout(sys.stderr):
            failed = run_bench(asked)
        if failed:
            print("chaguan capacity: some of it could not be measured", file=sys.stderr)
        return figures.read(file)
