import pytest
from pulsemon import Client
from support.clients import values


def test_a_histogram_says_its_shape(client: Client) -> None:
    sizes = client.histogram("shop.items")
    for size in range(1, 101):
        sizes.observe(size)
    client.observe("shop.items", 0)
    found = values(client)

    assert found["shop.items.count"] == 101
    assert found["shop.items.sum"] == 5050
    assert found["shop.items.min"] == 0
    assert found["shop.items.max"] == 100
    assert found["shop.items.p50"] == pytest.approx(50, rel=0.01)
    assert found["shop.items.p99"] == pytest.approx(99, rel=0.01)
    assert sum(value for name, value in found.items() if ".bucket" in name) == 101

    sizes.observe(7)
    found = values(client)
    assert found["shop.items.count"] == 102, "totals go on"
    assert (found["shop.items.min"], found["shop.items.max"]) == (7, 7), "the shape is that of the interval"
    assert [name for name in found if ".bucket" in name] == ["shop.items.bucket{bucket=100}"], "buckets that changed"
