"""Rules of the gateway that need no network: rates, settings, problems, logins, gzip."""

import base64
import gzip
import tracemalloc
from pathlib import Path

import pytest
from pulsemon_producers.gateway.credentials import key_text
from pulsemon_producers.gateway.inflation import unpacked
from pulsemon_producers.gateway.problems import KINDS, OF_REFUSAL, Problem
from pulsemon_producers.gateway.settings import GatewaySettings
from pulsemon_producers.gateway.token_bucket import Buckets
from pulsemon_schemas.keys import Refusal


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    buckets = Buckets(per_second=10, capacity=100)
    bucket = buckets.of("a", 0.0)
    bucket.take(150)
    assert (bucket.wait_seconds, buckets.state(bucket)) == (6, '"samples";r=0;t=6')
    assert buckets.of("b", 0.0).wait_seconds == 0, "each key has one of its own"
    assert buckets.of("a", 5.0).wait_seconds == 1
    assert buckets.of("a", 6.0).wait_seconds == 0
    assert buckets.of("a", 3.0).wait_seconds == 0, "a clock that goes back takes nothing"
    assert buckets.state(buckets.of("a", 1000.0)) == '"samples";r=100;t=0'


def test_beyond_loopback_a_certificate_or_a_proxy_is_needed() -> None:
    with pytest.raises(ValueError, match="behind_proxy"):
        GatewaySettings(host="0.0.0.0")
    assert GatewaySettings(host="0.0.0.0", behind_proxy=True).url == "http://0.0.0.0:8480"
    pem = Path("x.pem")
    assert GatewaySettings(host="::", certificate_file=pem, private_key_file=pem).url == "https://[::]:8480"
    with pytest.raises(ValueError, match="set both"):
        GatewaySettings(certificate_file=pem)


def test_types_of_problems_are_unique_and_every_refusal_has_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert set(OF_REFUSAL) == set(Refusal)
    assert len(set(OF_REFUSAL.values())) == len(Refusal)


def test_each_login_holds_one_key() -> None:
    basic = base64.b64encode(b"me:pm_1_2").decode()
    for header in ("Bearer pm_1_2", "token pm_1_2", "Token me:pm_1_2", f"Basic {basic}", "BEARER  pm_1_2 "):
        assert key_text(header) == "pm_1_2"
    for header in ("", "Bearer", "Bearer ", "Digest x", "Basic ?", "Basic bWU6", "pm_1_2"):
        with pytest.raises(Problem):
            key_text(header)


def test_a_bomb_takes_no_more_memory_than_is_allowed() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as problem:
            unpacked(bomb, "gzip", 1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem.value.kind.name == "body-too-large"
    assert peak < 5_000_000


def test_members_of_one_gzip_follow_each_other() -> None:
    assert unpacked(gzip.compress(b"one") + gzip.compress(b"two"), "gzip", 6) == b"onetwo"
    with pytest.raises(Problem):
        unpacked(gzip.compress(b"one") + gzip.compress(b"two"), "gzip", 5)
