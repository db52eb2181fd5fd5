"""Prints docs/metrics.md, made from the catalogue."""  # noqa: INP001

import itertools

from pulsemon_schemas.catalogue import METRICS, Metric

HEAD = """# Metrics

Made from the catalogue by `docs/metrics_page.py`; do not edit. `pulsemon metric show NAME` tells all about one.

Units are UCUM: `1` is a share from 0 to 1, `By` bytes, `{thing}` a count of things. A counter only grows until the host
boots; a gauge and an up-down amount mean something by themselves, the latter also added up over its labels. ★ marks the
headline metrics, whose newest values are kept at hand, ○ those that are sent only if `PULSEMON_AGENT_ENABLE` asks for
them. Labels may have any value where none is listed.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for group, metrics in itertools.groupby(METRICS, key=lambda one: one.group):
        parts.append(f"\n## {group}\n\n| metric | kind, unit | every | labels | meaning |\n|---|---|---|---|---|\n")
        parts.extend(_row(one) for one in metrics)
    return "".join(parts)


def _row(one: Metric) -> str:
    name = f"`{one.name}`{' ★' if one.headline else ''}{'' if one.default_on else ' ○'}"
    labels = "; ".join(f"{key} ({', '.join(values)})" if values else key for key, values in one.attributes.items())
    return (
        f"| {name} | {one.instrument}, {one.unit} | {one.interval_seconds} s | {labels or '—'} | {one.description} |\n"
    )


if __name__ == "__main__":
    print(page(), end="")
