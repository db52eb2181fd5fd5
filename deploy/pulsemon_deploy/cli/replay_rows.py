"""What a replay found, as rows of tables and as objects for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from pulsemon_stream_processors.replay import (
    Difference,
    Episode,
    StreamResult,
    Verdict,
    difference,
    episodes,
)

from pulsemon_deploy.cli.alert_rows import clock, number, series

SHA_CHARACTERS = 16
Row = dict[str, object]


def line(result: StreamResult) -> str:
    """One stream on one line."""
    where = "fleet" if result.partition is None else f"partition {result.partition}"
    read = "" if result.partition is None else f", {result.records} records up to offset {result.span.end_offset - 1}"
    verdict = result.comparison.verdict
    found = f"{len(result.replayed.pairs)} alert events {result.replayed.sha256()[:SHA_CHARACTERS]}"
    return f"{where}{read}: {found}, live {len(result.live.pairs)}: {verdict.value}"


def proof(origin: str, results: Sequence[StreamResult], doubts: Sequence[str]) -> dict[str, Any]:
    """All of a proof. ``equal``: every stream is, byte for byte."""
    return {
        "from": origin,
        "equal": all(one.comparison.verdict is Verdict.EQUAL for one in results),
        "exact": not doubts,
        "doubts": list(doubts),
        "records": sum(one.records for one in results),
        "samples": sum(one.samples for one in results),
        "streams": [_stream(one) for one in results],
    }


def sentence(found: dict[str, Any]) -> str:
    """The end of a proof."""
    records, samples = f"{found['records']:,} records", f"{found['samples']:,} samples"
    if found["equal"]:
        return f"{records} with {samples} give the live stream again, byte for byte"
    verdicts = {one["verdict"] for one in found["streams"]}
    if verdicts <= {Verdict.EQUAL.value, Verdict.BEHIND.value}:
        return f"{records}: what the live stream has is equal, and it lacks its newest events; do it again in a moment"
    why = " (not exact, see above)" if found["doubts"] else ""
    return f"{records} with {samples} do NOT give the live stream again{why}"


def change(results: Sequence[StreamResult]) -> Difference:
    """What would have fired, against what did."""
    before = [event for one in results for event in one.live.events()]
    after = [event for one in results for event in one.replayed.events()]
    return difference(episodes(before), episodes(after))


def change_object(found: Difference) -> dict[str, Any]:
    """A difference for programs."""
    return {
        "different": not found.is_none,
        "new": [episode_object(one) for one in found.new],
        "gone": [episode_object(one) for one in found.gone],
        "same": [{"before": episode_object(one), "after": episode_object(other)} for one, other in found.same],
    }


def change_tables(found: Difference) -> Iterator[tuple[str, list[Row]]]:
    """A difference for people, without what stays as it was."""
    moved = [(one, other) for one, other in found.same if _moved(one, other)]
    yield "would fire and did not", [episode_row(one) for one in found.new]
    yield "fired and would not", [episode_row(one) for one in found.gone]
    yield "would fire at another time or level", [episode_row(other) | _was(one) for one, other in moved]


def episode_row(one: Episode) -> Row:
    """One episode in a table."""
    subject = one.subject
    return {
        "rule": subject.rule_id,
        "server": subject.server_id,
        "series": series(subject.metric, subject.labels),
        "level": one.level,
        "from": clock(one.fired_ms),
        "until": "-" if one.ended_ms is None else clock(one.ended_ms),
        "minutes": "-" if one.ended_ms is None else number((one.ended_ms - one.fired_ms) / 60_000),
        "value": number(one.value),
        "limit": number(one.limit),
    }


def episode_object(one: Episode) -> dict[str, Any]:
    """One episode for programs."""
    return {
        **one.subject._asdict(),
        "alert_id": one.alert_id,
        "level": one.level,
        "fired_at_ms": one.fired_ms,
        "ended_at_ms": one.ended_ms,
        "seconds": None if one.ended_ms is None else (one.ended_ms - one.fired_ms) / 1000,
        "value": one.value,
        "limit": one.limit,
        "late": one.late,
    }


def _stream(one: StreamResult) -> dict[str, Any]:
    comparison = one.comparison
    return {
        "partition": one.partition,
        "first_offset": one.span.first_offset,
        "end_offset": one.span.end_offset,
        "records": one.records,
        "alerts": len(one.replayed.pairs),
        "sha256": one.replayed.sha256(),
        "live_alerts": len(one.live.pairs),
        "live_sha256": one.live.sha256(),
        "verdict": comparison.verdict.value,
        "first_difference": comparison.first_difference,
    }


def _moved(one: Episode, other: Episode) -> bool:
    return (one.fired_ms, one.ended_ms, one.level) != (other.fired_ms, other.ended_ms, other.level)


def _was(one: Episode) -> Row:
    until = "-" if one.ended_ms is None else clock(one.ended_ms)
    return {"was": f"{one.level} {clock(one.fired_ms)} to {until}"}
