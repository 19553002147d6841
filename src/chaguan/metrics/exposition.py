"""Families of samples and Prometheus' text format, version 0.0.4."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from chaguan.core.figures import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(Struct, array_like=True):
    labels: dict[str, str]
    value: float
    suffix: str = ""
    """`_bucket`, `_sum` or `_count` of a histogram."""


class Family(Struct, array_like=True):
    """`kind`: `counter`, `gauge` or `histogram`. All samples of one name."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


def histogram(figures: Histogram) -> list[Sample]:
    samples, below = [], 0
    bounds = [*(f"{bound:g}" for bound in figures.bounds), "+Inf"]
    for bound, count in zip(bounds, figures.counts, strict=True):
        below += count
        samples.append(Sample({"le": bound}, below, "_bucket"))
    return [*samples, Sample({}, figures.total, "_sum"), Sample({}, below, "_count")]


def merged(of_processes: Mapping[str, list[Family]]) -> list[Family]:
    """The families of several processes as one page, each sample with the label `worker`."""
    found: dict[str, Family] = {}
    for worker, families in of_processes.items():
        for family in families:
            known = found.setdefault(family.name, Family(family.name, family.kind, family.help, []))
            known.samples += [
                Sample({"worker": worker, **sample.labels}, sample.value, sample.suffix)
                for sample in family.samples
            ]
    return list(found.values())


def text(families: Iterable[Family]) -> str:
    return "".join(_family(family) for family in families)


def _family(family: Family) -> str:
    lines = [f"# HELP {family.name} {_escaped(family.help)}", f"# TYPE {family.name} {family.kind}"]
    lines += [
        f"{family.name}{sample.suffix}{_labels(sample.labels)} {_number(sample.value)}"
        for sample in family.samples
    ]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value, quote=True)}"' for name, value in labels.items())
    return "{" + inner + "}"


def _escaped(value: str, quote: bool = False) -> str:
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace('"', '\\"') if quote else value


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
