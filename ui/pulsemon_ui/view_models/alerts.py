"""An alert in words: what it is about, its value and its limit with their unit, since when."""

from dataclasses import dataclass

from pulsemon_schemas.catalogue import Metric, metric
from pulsemon_schemas.rules.environments import environment_of
from pulsemon_schemas.rules.suppression import suppression_word
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.choice import Choice

from pulsemon_ui.view_models.status import Look, Status
from pulsemon_ui.view_models.wording import duration_text, value_text

INFO = Look("info", "Info", "i", 9)
LOOKS = {"critical": Status.CRITICAL.value, "warning": Status.WARNING.value, "info": INFO}

SILENCE = "Sends no data"
SILENCE_OF_MANY = "Servers without data"
MUTED = ("acknowledged", "unknown")

_TITLES = {"system.filesystem.utilization": "Disk used"}
_WINDOWS = {"avg": "average", "min": "lowest", "max": "highest", "count": "samples", "delta": "growth", "rate": "rate"}
_SAME_UNIT = ("last", "avg", "min", "max")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """The series of an alert as a small line. ``is_comparable``: its values and the limit mean the same."""

    choice: Choice
    unit: str
    is_comparable: bool


def look_of(level: str) -> Look:
    """How a level is told; an unknown one as info."""
    return LOOKS.get(level, INFO)


def subject(alert: Transition) -> str:
    """What the alert is about: ``Disk used on /data``."""
    if not alert.metric:
        return SILENCE if environment_of(alert.server_id) is None else SILENCE_OF_MANY
    known = catalogued(alert.metric)
    title = _TITLES.get(alert.metric) or (known.title if known is not None else alert.metric)
    labels = dict(label.partition("=")[::2] for label in alert.labels.split(",") if label)
    if "mountpoint" in labels:
        return f"{title} on {labels['mountpoint']}"
    return f"{title} ({', '.join(labels.values())})" if labels else title


def value_of(alert: Transition) -> str:
    """The value that was judged last; "" for a silence."""
    return value_text(alert.value, unit_of(alert)) if alert.value is not None else ""


def limit_of(alert: Transition) -> str:
    """The limit with its unit; "" where none is known."""
    if alert.limit is None:
        return ""
    if alert.is_silence:  # exact: 90 s are no minute
        is_round = alert.limit > 120 and alert.limit % 60 == 0
        return duration_text(alert.limit) if is_round else f"{alert.limit:g} s"
    return value_text(alert.limit, unit_of(alert)).replace(".0%", "%")


def calm_text(alert: Transition) -> str:
    """Where it would not have fired: ``just below 95%``; "" where nobody can say."""
    if alert.calm_value is None or alert.limit is None:
        return ""
    side = "just below" if alert.calm_value < alert.limit else "just above" if alert.calm_value > alert.limit else "at"
    return f"{side} {limit_of(alert)}"


def fires_above(alert: Transition) -> bool:
    """Whether higher values are the worse ones, as far as the alert tells."""
    if alert.calm_value is None or alert.limit is None or alert.value is None:
        return True
    return alert.calm_value < alert.limit or (alert.calm_value == alert.limit and alert.value > alert.limit)


def window_text(alert: Transition) -> str:
    """What the value is made of: ``average over 5 min``; "" for the last sample."""
    name = _WINDOWS.get(alert.window_function)
    return f"{name} over {duration_text(alert.window_seconds)}" if name and alert.window_seconds else ""


def is_muted(alert: Transition) -> bool:
    """Whether nobody is called for it: acknowledged, silenced, inhibited, or its series does not come any more."""
    return alert.state in MUTED or bool(alert.suppressed_by)


def muted_text(alert: Transition) -> str:
    """Why nobody is called: "" if somebody is."""
    if alert.state == "unknown":
        return "no samples now"
    if alert.state in ("acknowledged", "flapping"):
        return alert.state
    return suppression_word(alert.suppressed_by)


def alert_line(alert: Transition) -> str:
    """The alert on one line: ``◆ Disk used on /data, 97%, limit 95%``."""
    limit = f"limit {limit_of(alert)}" if alert.limit is not None else ""
    parts = [part for part in (subject(alert), value_of(alert), limit, muted_text(alert)) if part]
    return f"{look_of(alert.level).glyph} {', '.join(parts)}"


def line_of(alert: Transition) -> AlertLine | None:
    """The series behind it, None for a silence. Of a counter it is the rate that is drawn."""
    if not alert.metric:
        return None
    known = catalogued(alert.metric)
    is_counter = known.is_counter if known is not None else alert.window_function == "rate"
    choice = Choice(alert.metric, tuple(alert.labels.split(",")) if alert.labels else (), is_counter=is_counter)
    is_comparable = alert.window_function == "rate" if is_counter else alert.window_function in _SAME_UNIT
    unit = known.unit if known is not None else ""
    return AlertLine(choice, f"{unit}/s" if is_counter and unit else unit, is_comparable)


def unit_of(alert: Transition) -> str:
    """The unit of value and limit: that of the metric, a second for a rate, none for a number of samples.

    Of an environment it is the share of its servers.
    """
    if environment_of(alert.server_id) is not None:
        return "1"
    known = catalogued(alert.metric)
    if known is None or alert.window_function == "count":
        return ""
    return f"{known.unit}/s" if alert.window_function == "rate" else known.unit


def catalogued(name: str) -> Metric | None:
    """The metric; None for one that is a service's own."""
    try:
        return metric(name)
    except KeyError:
        return None
