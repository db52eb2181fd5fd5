"""The sentence on top: what is wrong, where, since when; or that all is well."""

from dataclasses import dataclass

from pulsemon_ui.view_models.fleet import Fleet, Host
from pulsemon_ui.view_models.status import Status, has_stopped
from pulsemon_ui.view_models.wording import count_text, duration_text, value_text

NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the sentence. ``tone``: "" plain | strong | silent | ok."""

    text: str
    tone: str = ""


def sentence(fleet: Fleet) -> tuple[Part, ...]:
    """The sentence as pieces to be set side by side."""
    if not fleet.hosts:
        return (Part("No servers here."),)
    if has_stopped(fleet.as_of_ms, fleet.now_ms):
        return _stopped(fleet)
    silent = sorted(_with(fleet, Status.SILENT), key=lambda host: -(host.verdict.silent_seconds or 0))
    return (*(_silent(fleet, silent) if silent else _well(fleet)), *_late(fleet), *_new(fleet), *_highest(fleet))


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
    return (Part(f"● All {known} servers send data." if known > 1 else "● The server sends data.", "ok"),)


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
        found = [host for host in fleet.hosts if measure in host.readings and host.verdict.status is not Status.SILENT]
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
