"""The panels of a server: which values each draws, how high its axis reaches, and what stands beside its title."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulsemon_ui.view_models.gaps import bridged
from pulsemon_ui.view_models.marks import Limit, Marks, Start
from pulsemon_ui.view_models.metrics import Measure
from pulsemon_ui.view_models.timerange import TICK_SECONDS
from pulsemon_ui.view_models.wording import Scale, scale_for, value_text

Line = list[float | None]

# A limit so many times above the largest value is left out: it would press the line flat.
NEAR = 4.0

# Ends of an axis within a power of ten, and the distance of its lines.
_AXES = ((1.0, 0.5), (1.5, 0.5), (2.0, 0.5), (3.0, 1.0), (4.0, 1.0), (6.0, 2.0), (8.0, 2.0), (10.0, 5.0))


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, its values in the unit of its axis, which ends at ``top`` with a line each ``line``.

    ``low`` and ``spread`` (high less low) make the band. ``limits`` are in that unit too.
    """

    title: str
    unit: str
    now: str
    top: float
    line: float
    middle: tuple[float | None, ...]
    low: tuple[float | None, ...]
    spread: tuple[float | None, ...]
    limits: tuple[Limit, ...] = ()
    starts: tuple[Start, ...] = ()


def panels(
    measures: Sequence[Measure],
    columns: Mapping[str, Sequence[float | None]],
    marks: Sequence[Marks] = (),
    step_seconds: int = TICK_SECONDS,
) -> tuple[Panel, ...]:
    """The panels from the answer's columns a0, lo0, hi0, a1, …; a measure without any value has none.

    ``marks``: one for each measure, or none at all. ``step_seconds``: how long a bucket of the columns is.
    """
    made = []
    for index, measure in enumerate(measures):
        apart = measure.interval_seconds / step_seconds
        middle, low, high = (bridged(columns[f"{part}{index}"], apart) for part in ("a", "lo", "hi"))
        if any(value is not None for value in middle):
            made.append(_panel(measure, middle, low, high, marks[index] if marks else Marks()))
    return tuple(made)


def _panel(measure: Measure, middle: Line, low: Line, high: Line, marks: Marks) -> Panel:
    largest = max((value for value in high if value is not None), default=0.0)
    limits = [limit for limit in marks.limits if limit.is_crossed or limit.value <= largest * NEAR]
    largest = max([largest, *(limit.value for limit in limits)])
    scale = scale_for(measure.unit, largest)
    newest = next((value for value in reversed(middle) if value is not None), None)
    spread = [None if above is None or below is None else above - below for above, below in zip(high, low, strict=True)]
    top, line = _axis(largest * scale.factor, scale)
    return Panel(
        measure.title,
        scale.unit,
        value_text(newest, measure.unit),
        top,
        line,
        _scaled(middle, scale),
        _scaled(low, scale),
        _scaled(spread, scale),
        tuple(replace(limit, value=rounded(limit.value * scale.factor)) for limit in limits),
        marks.starts,
    )


def _scaled(values: Line, scale: Scale) -> tuple[float | None, ...]:
    return tuple(None if value is None else rounded(value * scale.factor) for value in values)


def rounded(value: float) -> float:
    """Four digits that count, which is more than a panel can draw."""
    return float(f"{value:.4g}")


def _axis(largest: float, scale: Scale) -> tuple[float, float]:
    """Where an axis that starts at 0 ends, a round number above the largest value, and the distance of its lines."""
    if largest <= 0:
        return (100.0, 25.0) if scale.unit == "%" else (1.0, 0.5)
    wanted = largest * 1.08
    if scale.unit == "%" and wanted > 80:
        return 100.0, 25.0
    power = 10.0 ** math.floor(math.log10(wanted))
    top, line = next((top * power, line * power) for top, line in _AXES if top * power >= wanted * (1 - 1e-9))
    return top, line
