"""What this process tells Prometheus: read where it is counted when somebody asks, and written as text."""

from chaguan.metrics.collecting import Metrics
from chaguan.metrics.exposition import Family, Sample, merged, text

__all__ = ["Family", "Metrics", "Sample", "merged", "text"]
