"""Reads which series a rule judges, and how their samples become a value."""

from typing import Any

from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.rules.rule import FUNCTIONS, Series, Window

MAX_WINDOW_SECONDS = 7 * 24 * 3600.0
FORECAST = "time_to"
OF_COUNTERS = frozenset({"delta", "rate"})


def read_series(fields: Fields) -> Series:
    """The series in the fields ``metric``, ``match`` and ``window``."""
    name = fields.text("metric", None)
    return Series(name, fields.texts("match"), read_window(fields.nested("window"), name))


def series_body(series: Series) -> dict[str, Any]:
    """The fields that ``read_series`` reads."""
    return {"metric": series.metric, "match": dict(series.match), "window": window_body(series.window)}


def read_window(fields: Fields, metric_name: str) -> Window:
    """The window over the samples of a metric."""
    function = fields.choice("function", FUNCTIONS, "last")
    seconds = fields.number("seconds", 0.0, minimum=0.0)
    is_counter = fields.boolean("counter", _counts(metric_name, function))
    if function == "last" and seconds:
        fields.problem("seconds", "the last sample has no window: leave it out, or choose another function")
    if function != "last" and not 1.0 <= seconds <= MAX_WINDOW_SECONDS:
        fields.problem("seconds", f"{function} needs a window of 1 to {MAX_WINDOW_SECONDS:.0f} seconds")
    target, guard = 0.0, 0.0
    if function == FORECAST:
        target = fields.number("target", None)
        guard = fields.number("guard", 0.0, minimum=1.0) if fields.has("guard") else 0.0
    fields.unasked()
    return Window(function, seconds, is_counter and function in OF_COUNTERS, target, guard)


def window_body(window: Window) -> dict[str, Any]:
    """The object that ``read_window`` reads."""
    if not window.seconds:
        return {"function": window.function}
    body: dict[str, Any] = {"function": window.function, "seconds": window.seconds, "counter": window.is_counter}
    if window.function == FORECAST:
        body["target"] = window.target
    if window.guard:
        body["guard"] = window.guard
    return body


def _counts(metric_name: str, function: str) -> bool:
    """Whether a metric is a counter; one that the catalogue does not know is if its rate is asked for."""
    try:
        return metric(metric_name).is_counter
    except KeyError:
        return function == "rate"
