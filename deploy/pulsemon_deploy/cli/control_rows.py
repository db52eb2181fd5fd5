"""Records of the control log as rows of tables."""

from datetime import UTC, datetime

from pulsemon_deploy.control_log import Change


def instant(time_ms: int) -> datetime:
    """Whole seconds, UTC."""
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def history_row(change: Change) -> dict[str, object]:
    """One record of the log, with what it did."""
    record, verdict = change.record, change.verdict
    return {
        "offset": change.offset,
        "at": instant(change.append_time_ms),
        "operation": record.operation,
        "author": record.author,
        "on_behalf_of": record.on_behalf_of,
        "expected": record.expected_version,
        "did": "made" if not verdict.void else ("repeated" if verdict.repeated else "void"),
        "version": verdict.version,
        "reason": record.reason,
    }
