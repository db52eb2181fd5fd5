"""Alerts that cover others: a server that is down its metrics, and a critical alert the milder ones of its series."""

from pulsemon_schemas.records import AlertEvent
from support.engine import Log

DOWN = {"kind": "absence", "levels": {"critical": {"limit": 90}}}
HOT = {"metric": "m", "family": "hot", "levels": {"warning": {"limit": 5}}}
FULL = {"metric": "m", "family": "full", "levels": {"warning": {"limit": 7}, "critical": {"limit": 9}}}


def _log() -> Log:
    log = Log()
    for name, body in (("down", DOWN), ("hot", HOT), ("full", FULL)):
        log.configure(f"rule/{name}", body)
    log.tick()
    return log


def _of(log: Log, rule_id: str) -> list[AlertEvent]:
    return [event for event in log.alerts() if event.rule_id == rule_id]


def test_a_server_that_is_down_covers_its_metrics_until_it_is_back() -> None:
    log = _log()
    log.run({"m": 6}, 30)
    log.silence(100)
    down = f"alert/{_of(log, 'down')[0].alert_id}"
    covered = _of(log, "hot")[-1]
    assert (covered.state, covered.suppressed_by, covered.reason) == ("firing", (down,), f"inhibited by {down}")
    assert _of(log, "down")[0].suppressed_by == ()
    log.silence(300)
    assert (_of(log, "hot")[-1].state, _of(log, "hot")[-1].suppressed_by) == ("unknown", (down,))
    log.run({"m": 6}, 10)
    last = _of(log, "hot")[-1]
    assert (last.state, last.suppressed_by) == ("firing", ())


def test_it_is_told_when_nothing_covers_it_any_more() -> None:
    log = _log()
    log.run({"m": 6}, 30)
    log.silence(100)
    log.run({"other": 1}, 20)
    last = _of(log, "hot")[-1]
    assert (last.state, last.reason, last.suppressed_by) == ("firing", "not inhibited any more", ())


def test_a_critical_alert_covers_milder_ones_of_the_same_series() -> None:
    log = _log()
    log.run({"m|d=x": 6, "m|d=y": 6}, 30)
    log.run({"m|d=x": 9.5, "m|d=y": 6}, 30)
    [critical] = _of(log, "full")
    assert critical.suppressed_by == ()
    events = [(event.labels, event.suppressed_by) for event in _of(log, "hot")]
    assert events == [("d=x", ()), ("d=y", ()), ("d=x", (f"alert/{critical.alert_id}",))]
    log.run({"m|d=x": 8, "m|d=y": 6}, 30)
    assert _of(log, "hot")[-1].suppressed_by == ()


def test_a_silence_stays_beside_what_covers() -> None:
    log = _log()
    log.configure("silence/s", {"intervals": [[log.now_ms, log.now_ms + 3_600_000]], "rule_id": "hot"})
    log.run({"m": 6}, 30)
    log.silence(100)
    last = _of(log, "hot")[-1]
    assert [one.partition("/")[0] for one in last.suppressed_by] == ["silence", "alert"]
    assert last.reason.startswith("silenced by silence/s, inhibited by alert/")
