"""Computes the value of an alert event again, from the records that it names."""

from collections.abc import Iterable
from math import isfinite

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.rules.rule import Window as WindowSpec
from pulsemon_schemas.walker import walk

from pulsemon_stream_processors.engine.producers import Producers
from pulsemon_stream_processors.engine.windows import new_window


def samples_behind(event: AlertEvent, records: Iterable[LogRecord]) -> list[tuple[int, int, float]]:
    """(offset, event time, value) of the series in the records from first to last offset.

    What the engine passes over as seen is left out; earlier records, if they are given too, tell what was seen before.
    """
    key = event.server_id.encode()
    producers, clock_ms = Producers(), 0
    found: list[tuple[int, int, float]] = []
    for record in records:
        clock_ms = max(clock_ms, record.append_time_ms)
        if record.key != key or record.offset > event.last_offset:
            continue
        try:
            head = walk(record.value)
        except ContractError:
            continue
        is_new = producers.is_new(head.producer_id, head.sequence, clock_ms)
        if not is_new or record.offset < event.first_offset:
            continue
        for name, labels, value in zip(head.names, head.labels, head.values(), strict=True):
            if name == event.metric and labels == event.labels and isfinite(value):
                found.append((record.offset, head.recorded_at_ms, value))
    return found


def value_behind(
    event: AlertEvent, is_counter: bool, records: Iterable[LogRecord], spec: WindowSpec | None = None
) -> float | None:
    """The value that a transition made by a sample was judged by; None if the records do not have the series.

    ``is_counter`` is as in the rule's window. A forecast needs the whole window of its rule, as ``spec``.
    """
    window = new_window(spec or WindowSpec(event.window_function, event.window_seconds, is_counter))
    newest_ms, value = -1, None
    for offset, at_ms, sample in samples_behind(event, records):
        if at_ms > newest_ms:
            newest_ms = at_ms
            value = window.add(at_ms, sample, offset) if window else sample
        elif window and window.amend(at_ms, sample, offset):
            value = window.amended(newest_ms)
    return value
