"""The shop's own tests: no Kafka, no thread, no waiting."""

from fastapi.testclient import TestClient
from pulsemon.testing import MemoryClient
from shop import make_app


def test_an_order_is_counted() -> None:
    client = MemoryClient()
    with TestClient(make_app(client)) as browser:
        assert browser.post("/orders/7").json() == {"price": 8.33}

    client.assert_value("shop.orders", 1)
    client.assert_value("shop.items", 7, size="small")
    client.assert_value("shop.price.duration.count", 1)
    client.assert_nothing_dropped()
