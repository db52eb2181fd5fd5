"""The sentence on top: what is wrong, where, since when; or that all is well."""

from dataclasses import dataclass

from pulsemon_sinks.reader.alerts import Transition

from pulsemon_ui.view_models.alerts import fires_above, is_muted, limit_of, look_of, subject, value_of
from pulsemon_ui.view_models.fleet import Fleet, Host, place_of
from pulsemon_ui.view_models.status import Status, has_stopped
from pulsemon_ui.view_models.wording import count_text, duration_text, value_text

NAMED = 3
RECENT_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the sentence. ``tone``: "" plain | strong | critical | warning | silent | ok."""

    text: str
    tone: str = ""


def sentence(fleet: Fleet) -> tuple[Part, ...]:
    """The sentence as pieces to be set side by side."""
    if not fleet.hosts:
        return (Part("No servers here."),)
    if has_stopped(fleet.as_of_ms, fleet.now_ms):
        return _stopped(fleet)
    silent = sorted(_with(fleet, Status.SILENT), key=lambda host: -(host.verdict.silent_seconds or 0))
    wide = _wide(fleet)
    if _with(fleet, Status.CRITICAL) or _with(fleet, Status.WARNING):
        return (*wide, *_troubled(fleet), *_no_data(silent), *_unjudged(fleet), *_late(fleet), *_new(fleet))
    calm = _silent(fleet, silent) if silent else _well(fleet)
    return (*wide, *calm, *_unjudged(fleet), *_late(fleet), *_new(fleet), *_highest(fleet))


def _wide(fleet: Fleet) -> tuple[Part, ...]:
    """Whole environments come first: what follows about their servers has one cause."""
    parts: list[Part] = []
    for alert in fleet.wide:
        if not is_muted(alert):
            glyph, age = look_of(alert.level).glyph, duration_text((fleet.now_ms - alert.started_at_ms) / 1000)
            share = f"{value_of(alert)} of the" if alert.value is not None else "Too many"
            text = f"{glyph} {share} servers in {place_of(alert)} have sent nothing for {age}. "
            parts.append(Part(text, look_of(alert.level).key))
    return tuple(parts)


def _troubled(fleet: Fleet) -> tuple[Part, ...]:
    level = Status.CRITICAL if _with(fleet, Status.CRITICAL) else Status.WARNING
    count = len(fleet.troubled())
    needs = "needs" if count == 1 else "need"
    head = f"{level.value.glyph} {count} of {count_text(len(fleet.hosts), 'server')} {needs} attention."
    return (Part(head, level.key), *_oldest(fleet, level), *_recent(fleet))


def _oldest(fleet: Fleet, level: Status) -> tuple[Part, ...]:
    """The oldest alert of the worst level; a state may come a moment before its alert."""
    found = [(alert, host) for host in _with(fleet, level) for alert in host.alerts if alert.level == level.key]
    if not found:
        return ()
    alert, host = min(found, key=lambda one: (one[0].started_at_ms, one[0].server_id))
    return (
        Part(f" Oldest {level.key}: " if len(found) > 1 else f" {level.value.title}: "),
        Part(host.server.name, "strong"),
        Part(f", {_clause(alert)} for "),
        Part(duration_text((fleet.now_ms - alert.started_at_ms) / 1000), "strong"),
        Part("."),
    )


def _clause(alert: Transition) -> str:
    """``disk used on /data above 95%``; abbreviations such as CPU keep their letters."""
    text = subject(alert)
    text = text if text[:2].isupper() else text[:1].lower() + text[1:]
    if not alert.metric or alert.limit is None:
        return text
    return f"{text} {'above' if fires_above(alert) else 'below'} {limit_of(alert)}"


def _recent(fleet: Fleet) -> tuple[Part, ...]:
    alerts = [alert for host in fleet.hosts for alert in host.alerts if alert.level != "info"]
    recent = sum(fleet.now_ms - alert.started_at_ms <= RECENT_MS for alert in alerts)
    if len(alerts) == 1:
        return ()
    return (Part(f" {recent or 'None'} new in the last hour."),)


def _no_data(silent: list[Host]) -> tuple[Part, ...]:
    if not silent:
        return ()
    more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
    names = ", ".join(host.server.name for host in silent[:NAMED])
    return (Part(" No data from "), Part(names, "strong"), Part(f"{more}."))


def _unjudged(fleet: Fleet) -> tuple[Part, ...]:
    """Only where there was a processor: without one nobody waits for its judgement."""
    if fleet.judged_ms is None or fleet.is_judged:
        return ()
    age = duration_text((fleet.now_ms - fleet.judged_ms) / 1000)
    return (Part(f" No rule has been judged for {age}: alerts are the last ones known.", "warning"),)


def _stopped(fleet: Fleet) -> tuple[Part, ...]:
    age = duration_text((fleet.now_ms - (fleet.as_of_ms or 0)) / 1000)
    return (
        Part(f"? Nothing has arrived for {age}.", "silent"),
        Part(" Either every agent or the way from them to here stands still; values shown are the last ones known."),
    )


def _silent(fleet: Fleet, silent: list[Host]) -> tuple[Part, ...]:
    longest = silent[0]
    verb = "sends" if len(silent) == 1 else "send"
    parts = [
        Part(f"? {len(silent)} of {count_text(len(fleet.hosts), 'server')} {verb} no data.", "silent"),
        Part(" " if len(silent) == 1 else " Longest: "),
        Part(longest.server.name, "strong"),
        Part(", for "),
        Part(duration_text(longest.verdict.silent_seconds or 0), "strong"),
        Part("."),
    ]
    if others := silent[1 : 1 + NAMED]:
        more = len(silent) - 1 - len(others)
        names = ", ".join(host.server.name for host in others)
        parts.append(Part(f" Also {names}{f' and {more} more' if more else ''}."))
    return tuple(parts)


def _well(fleet: Fleet) -> tuple[Part, ...]:
    known = len(fleet.hosts) - len(_with(fleet, Status.NEW))
    if not known:
        return (Part("Waiting for the first data.", "strong"),)
    good = len(_with(fleet, Status.OK))
    if fleet.is_judged and good:
        every = "All " if good == len(fleet.hosts) else ""
        is_one = good == len(fleet.hosts) == 1
        return (Part("● The server is within limits." if is_one else f"● {every}{_are(good)} within limits.", "ok"),)
    return (Part(f"● All {known} servers send data." if known > 1 else "● The server sends data.", "ok"),)


def _are(count: int) -> str:
    return f"{count_text(count, 'server')} {'is' if count == 1 else 'are'}"


def _late(fleet: Fleet) -> tuple[Part, ...]:
    late = _with(fleet, Status.LATE)
    return (Part(f" {len(late)} {'is' if len(late) == 1 else 'are'} late."),) if late else ()


def _new(fleet: Fleet) -> tuple[Part, ...]:
    new = _with(fleet, Status.NEW)
    if not new:
        return ()
    names = ", ".join(host.server.name for host in new[:NAMED])
    return (Part(f" Waiting for {names}{f' and {len(new) - NAMED} more' if len(new) > NAMED else ''}."),)


def _highest(fleet: Fleet) -> tuple[Part, ...]:
    parts: list[Part] = []
    for measure, before in (("disk", " Fullest disk "), ("cpu", ", busiest CPU ")):
        found = [host for host in fleet.hosts if measure in host.readings and not host.verdict.is_silent]
        if found:
            top = max(found, key=lambda host: host.readings[measure].value)
            parts += [
                Part(before),
                Part(value_text(top.readings[measure].value, "1"), "strong"),
                Part(f" on {top.server.name}"),
            ]
    return (*parts, Part(".")) if parts else ()


def _with(fleet: Fleet, status: Status) -> list[Host]:
    return [host for host in fleet.hosts if host.verdict.status is status]
