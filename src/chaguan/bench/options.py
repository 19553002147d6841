"""The options of `chaguan bench`, apart from it: every command of the command line loads them."""

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick", action="store_true", help="fewer sessions and shorter loads: under a minute"
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
