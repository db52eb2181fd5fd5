"""Real processes on a real Kafka: what was called is what arrives, once."""

import pytest
from support.clients import own_labels
from support.embedded_clients import SERVER_ID, Place, last_values, series_at

pytestmark = pytest.mark.kafka

CALLS = 1000
THREADS = 16
CHILDREN = 4


@pytest.mark.parametrize("way", ["os", "multiprocessing", "spawn"])
def test_the_sum_at_the_topic_is_the_sum_called(place: Place, way: str) -> None:
    place.run("forks", way, str(CALLS))

    batches = place.batches()
    hits = last_values(batches, "shop.hits")
    assert sum(hits.values()) == (1 + CHILDREN) * THREADS * CALLS + 7 + 5
    assert sorted(labels for _, labels in hits) == [own_labels(number, SERVER_ID) for number in range(5)]
    assert list(last_values(batches, "shop.depth").values()) == [5.0], "a gauge belongs to who has set it"
    seen = series_at(batches, "shop.hits")
    assert len(seen) == len(set(seen)), "a series has one value at one time"
    for producer in {batch.producer_id for batch in batches}:
        numbers = sorted(batch.sequence for batch in batches if batch.producer_id == producer)
        assert numbers == list(range(len(numbers)))
