"""A real server with real workers, and greenlets, under gevent's monkey patches."""

import pytest
from support.clients import own_labels
from support.embedded_clients import SERVER_ID, Place, last_values, serve_with_gunicorn

pytestmark = pytest.mark.kafka

WORKERS = 4
LONGEST_WAIT_SECONDS = 1.0


def test_four_workers_of_gunicorn_count_every_request_once(place: Place) -> None:
    asked = serve_with_gunicorn(place, "gevent", WORKERS, requests=100)

    counted = last_values(place.batches(), "shop.requests")
    assert sum(counted.values()) == asked
    assert {labels for _, labels in counted} == {own_labels(number, SERVER_ID) for number in range(WORKERS)}


def test_greenlets_count_and_are_never_kept_waiting(place: Place) -> None:
    longest_seconds = float(place.run("greenlets", "100", "10"))

    batches = place.batches()
    assert sum(last_values(batches, "shop.hits").values()) == 50 * 100
    assert sum(last_values(batches, "shop.work.count").values()) == 50 * 100
    assert longest_seconds < LONGEST_WAIT_SECONDS
