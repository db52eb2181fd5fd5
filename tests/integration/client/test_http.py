"""Over HTTP to a gateway, by its ingest contract."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon import Client
from support.clients import dropped, of_batch
from support.gateway import KEY, StandIn, key_file, standing_in
from support.waiting import wait_until

TLS = Path(__file__).parents[1] / "producers" / "tls"


@pytest.fixture
def gateway() -> Iterator[StandIn]:
    with standing_in() as gateway:
        yield gateway


def client_of(gateway: StandIn, folder: Path, **variables: str) -> Client:
    environ = {"PULSEMON_CLIENT_TRANSPORT": "http", "PULSEMON_CLIENT_URL": gateway.url}
    environ |= variables or {"PULSEMON_CLIENT_KEY": KEY}
    return Client(
        "shop",
        server_id="web-1",
        runtime_folder=str(folder / "slots"),
        handles_sigterm=False,
        flush_interval_seconds=0.1,
        environ=environ,
    )


def test_batches_arrive_in_order_and_events_are_counted_as_dropped_and_told_of_once(
    gateway: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(gateway, tmp_path)
    client.count("shop.orders", 3)
    client.event("deploy", "Version 4.2")
    client.event("deploy", "Version 4.3")
    assert client.flush(10)
    assert client.close(10)

    assert [batch.sequence for batch in gateway.batches] == list(range(len(gateway.batches)))
    assert of_batch(gateway.batches[-1]) == {"shop.orders": 3}
    assert dropped(client) == {"invalid": 2}
    assert caplog.text.count("client.event needs the transport kafka") == 1


def test_a_gateway_that_hangs_does_not_keep_the_client_from_reading(gateway: StandIn, tmp_path: Path) -> None:
    gateway.script.hangs = True
    client = client_of(gateway, tmp_path)
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    client.gauge("shop.asked").set_function(ask)
    client.count("shop.orders")
    wait_until(lambda: len(asked) >= 5, what="readings while a request hangs")
    assert not client.close(0.2)
    assert dropped(client)["undelivered"] > 0


def test_the_key_may_come_from_a_file_and_the_gateway_have_an_authority_of_its_own(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    with standing_in(tls=context) as gateway:
        variables = {
            "PULSEMON_CLIENT_KEY_FILE": str(key_file(tmp_path)),
            "PULSEMON_CLIENT_CA_FILE": str(TLS / "ca.pem"),
        }
        client = client_of(gateway, tmp_path, **variables)
        client.count("shop.orders", 3)
        assert client.close(10)
        assert of_batch(gateway.batches[-1]) == {"shop.orders": 3}


@pytest.mark.parametrize("name", ["KEY_FILE", "CA_FILE"])
def test_a_file_that_is_not_there_is_named_and_the_service_goes_on(
    gateway: StandIn, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    variables = {"PULSEMON_CLIENT_KEY_FILE": str(key_file(tmp_path)), "PULSEMON_CLIENT_URL": "https://127.0.0.1:9"}
    client = client_of(gateway, tmp_path, **{**variables, f"PULSEMON_CLIENT_{name}": str(tmp_path / "none")})
    client.count("shop.orders")
    assert not client.flush(10)
    assert f"are not sent: {name.lower()} {tmp_path / 'none'}: cannot be read" in caplog.text
    client.close(0)
