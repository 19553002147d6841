"""The options of `chaguan bench`, apart from it: every command of the command line loads them."""

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer sessions, shorter loads, one server for several stages: under a minute on two quiet cores",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="a figure or a stage; may be repeated"
    )
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table of figures into this page")
    parser.add_argument(
        "--from",
        type=Path,
        metavar="FILE",
        dest="earlier",
        help="measure nothing: take the figures that --json wrote, and print their table",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep the figures that the file of --json has of stages which this run does not measure",
    )
    parser.add_argument(
        "--stored",
        type=int,
        action="append",
        metavar="N",
        help="cost_growth: measure with so many messages stored; may be repeated (default: 500000, 2000000, 10000000)",
    )
    parser.add_argument(
        "--database-url",
        default="",
        metavar="URL",
        help="a PostgreSQL database for stages that measure one; with --nodes its user may make databases of the bench's own",
    )
    parser.add_argument(
        "--redis-url",
        default="",
        metavar="URL",
        help="a Redis or Valkey for stages that measure one; nothing else may use it",
    )
    parser.add_argument(
        "--nodes",
        type=int,
        nargs="*",
        metavar="N",
        help="measure several nodes on --database-url and --redis-url instead of one machine (without numbers: 1 2 3); "
        "`make bench-cluster` starts both engines",
    )
