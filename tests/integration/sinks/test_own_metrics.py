"""What a sink tells about itself while it stores, and while the store refuses."""

import time

import pytest
from pulsemon_sinks.sink import Sink
from support.sinks import Place, batch
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def told(sink: Sink, topic: str) -> dict[str, float]:
    """By name without the prefix, of one topic and of none."""
    samples = sink.samples(int(time.time() * 1000))
    return {
        one.name.removeprefix("pulsemon.sink."): one.value for one in samples if one.labels in (f"topic={topic}", "")
    }


def test_rows_letters_and_the_time_that_records_wait_are_told(place: Place) -> None:
    sink = Sink(place.settings(), place.broker.settings_for("sink"), place.clickhouse)
    topic = place.topic("metrics")
    try:
        place.send([batch("web-1", number) for number in range(4)])
        place.send_raw(b"web-1", b"garbage")
        place.flush()

        def is_stored() -> bool:
            sink.step()
            return told(sink, topic)["rows"] == 12.0 and told(sink, topic)["dead_letters"] == 1.0

        wait_until(is_stored, 20, "four batches stored, and one letter sent")
        healthy = told(sink, topic)
        assert healthy["flushes"] >= 1.0
        assert healthy["lag"] < 5.0
        assert healthy["troubles"] == 0.0
        assert healthy["pulsemon.store.parts"] >= 1.0
        assert healthy["pulsemon.store.inserts.rejected"] == 0.0

        place.rows("CREATE MATERIALIZED VIEW {}.trap ENGINE = Null AS SELECT throwIf(1) AS x FROM {}.metrics_in")
        place.send([batch("web-1", 9)])

        def is_late() -> bool:
            sink.step()
            late = told(sink, topic)
            return late["lag"] > 1.0 and late["troubles"] == 1.0 and late["buffer.bytes"] > 0.0

        wait_until(is_late, 20, "a batch that cannot be stored")
    finally:
        sink.close()
