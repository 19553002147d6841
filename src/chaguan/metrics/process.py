"""What the kernel knows of this process; names as Prometheus' own libraries have them."""

import resource
import time
from pathlib import Path

_STARTED_AT = time.time()


def figures() -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "process_resident_memory_bytes": pages * resource.getpagesize(),
        "process_cpu_seconds_total": used.ru_utime + used.ru_stime,
        "process_open_fds": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "process_max_fds": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "process_start_time_seconds": _STARTED_AT,
    }
