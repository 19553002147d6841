"""One of several processes of a node: `python -m chaguan.process`, started by the supervisor and by nobody else."""

import sys

from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError
from chaguan.serving import run_job
from chaguan.supervisor import told


def main() -> int:
    try:
        return run_job(told())
    except ConfigError as error:
        print(f"chaguan: {error}", file=sys.stderr)
        return 2
    except AppError as error:
        print(f"chaguan: {error.detail or error.code.value}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
