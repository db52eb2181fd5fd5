import json
import logging
import random
import ssl
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pulsemon_producers import http_publisher
from pulsemon_producers.http_publisher import HttpPublisher
from pulsemon_producers.http_settings import HttpSettings
from pulsemon_schemas.errors import ContractError, SettingsError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.secret import Secret
from pulsemon_schemas.topics import MAX_RECORD_BYTES
from support.gateway import KEY, StandIn, standing_in
from support.waiting import wait_until

TLS = Path(__file__).parent / "tls"


def batch(sequence: int = 0, series: int = 1) -> MetricBatch:
    names = tuple(f"system.metric.{number:06}" for number in range(series))
    return MetricBatch(
        "web-1", "agent", "p", sequence, "", -1, 1000, 1000, names, ("",) * series, tuple(map(float, range(series)))
    )


@pytest.fixture
def gateway() -> Iterator[StandIn]:
    with standing_in() as gateway:
        yield gateway


@pytest.fixture
def publisher(gateway: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpPublisher]:
    monkeypatch.setattr(http_publisher, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(http_publisher, "SLOW_SECONDS", 0.05)
    publisher = HttpPublisher(HttpSettings(gateway.url, Secret(KEY)))
    yield publisher
    publisher.close()


def test_batches_arrive_as_they_are_over_one_connection(gateway: StandIn, publisher: HttpPublisher) -> None:
    sent = [batch(0), batch(1, series=300), batch(2)]

    assert all(publisher.publish(one) for one in sent)

    assert gateway.batches == sent
    assert gateway.connections == 1
    assert [request.get("content-encoding") for request in gateway.requests] == [None, "gzip", None]
    assert {request["authorization"] for request in gateway.requests} == {f"Bearer {KEY}"}


def test_several_batches_are_one_request_in_their_order(gateway: StandIn, publisher: HttpPublisher) -> None:
    sent = [batch(number) for number in range(32)]

    assert publisher.publish_many(sent) == [True] * 32

    assert gateway.batches == sent
    assert len(gateway.requests) == 1


def test_of_several_the_refused_are_told_and_the_others_are_there(gateway: StandIn, publisher: HttpPublisher) -> None:
    gateway.script.refuses = {1: "too_new", 3: "too_large"}

    outcomes = publisher.publish_many([batch(number) for number in range(5)])

    assert [one.reason if isinstance(one, ContractError) else one for one in outcomes] == [
        True, "too_new", True, "too_large", True
    ]  # fmt: skip
    assert [one.sequence for one in gateway.batches] == [0, 2, 4]


@pytest.mark.parametrize("code", ["", "unequal_arrays"])
def test_a_refusal_that_fits_no_batch_is_settled_one_by_one(
    gateway: StandIn, publisher: HttpPublisher, code: str
) -> None:
    gateway.script.statuses = [413]
    gateway.script.raw_answer = json.dumps({"errors": [{"index": 9, "code": code}]}).encode() if code else b""

    assert publisher.publish_many([batch(0), batch(1)]) == [True, True]

    assert len(gateway.requests) == 3


def test_a_request_has_as_many_of_the_first_as_any_gateway_takes(
    gateway: StandIn, publisher: HttpPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_publisher, "MAX_BODY_BYTES", 400)

    assert publisher.publish_many([batch(number) for number in range(32)]).count(True) == len(gateway.batches) == 5
    assert publisher.publish_many([batch(5, series=300), batch(6)]) == [True], "one goes alone, however large"


def test_proxies_of_the_environment_are_not_asked(
    gateway: StandIn, publisher: HttpPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert publisher.publish(batch())


def test_a_batch_that_was_taken_without_an_answer_is_sent_again_with_its_identity(
    gateway: StandIn, publisher: HttpPublisher
) -> None:
    assert publisher.publish(batch(0))
    gateway.script.ends_before_answering = 1

    assert publisher.publish(batch(1)), "a connection that was idle may end: it is asked again at once"

    assert [one.sequence for one in gateway.batches] == [0, 1, 1]


def test_a_connection_that_the_gateway_closes_is_opened_again(gateway: StandIn, publisher: HttpPublisher) -> None:
    gateway.script.closes_after_answer = True

    assert publisher.publish(batch(0))
    assert publisher.publish(batch(1))

    assert gateway.connections == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_gateway_in_trouble_is_asked_again_later_and_told_of_once(
    gateway: StandIn, publisher: HttpPublisher, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    gateway.script.statuses = [status] * 3

    assert [publisher.publish(batch()) for _ in range(4)] == [False, False, False, True]

    assert caplog.text.count(f"{gateway.url}: {status} not today.") == 1
    assert "takes batches again" in caplog.text
    assert len(gateway.batches) == 1


def test_each_failure_in_a_row_waits_longer(
    gateway: StandIn, publisher: HttpPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    gateway.script.statuses = [500] * 5
    waits = []
    for _ in range(5):
        publisher.publish(batch())
        waits.append(publisher._not_before - time.monotonic())

    assert all(after > 1.5 * before for before, after in pairwise(waits)), waits


def test_the_time_that_the_gateway_wishes_is_kept(gateway: StandIn, publisher: HttpPublisher) -> None:
    gateway.script.statuses = [429]
    gateway.script.retry_after = "1"
    begun = time.monotonic()

    assert publisher.publish(batch()) is False
    assert publisher.publish(batch()) is True

    assert time.monotonic() - begun >= 1.0


def test_a_long_wait_that_the_gateway_wishes_does_not_block_the_sender(
    gateway: StandIn, publisher: HttpPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_publisher, "ATTEMPT_SECONDS", 0.01)
    gateway.script.statuses = [503]
    gateway.script.retry_after = "600"

    assert [publisher.publish(batch()) for _ in range(3)] == [False] * 3
    assert len(gateway.requests) == 1, "it is not asked before that time"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_keeps_the_batch_and_says_what_to_do(
    gateway: StandIn, publisher: HttpPublisher, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.script.statuses = [status] * 2

    assert [publisher.publish(batch()) for _ in range(3)] == [False, False, True]

    assert caplog.text.count("does not accept the key") == 1
    assert KEY not in caplog.text


@pytest.mark.parametrize("status", [302, 400, 404, 405, 415, 200])
def test_what_is_no_gateway_keeps_the_batch_and_names_the_url(
    gateway: StandIn, publisher: HttpPublisher, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.script.statuses = [status]

    assert publisher.publish(batch()) is False

    assert "look at the url" in caplog.text


@pytest.mark.parametrize(("status", "code", "reason"), [(413, "", "too_large"), (422, "too_new", "too_new")])
def test_what_will_never_be_taken_is_refused_with_the_reason(
    gateway: StandIn, publisher: HttpPublisher, status: int, code: str, reason: str
) -> None:
    gateway.script.statuses = [status]
    gateway.script.problem_code = code

    with pytest.raises(ContractError) as refused:
        publisher.publish(batch())

    assert refused.value.reason == reason
    assert publisher.publish(batch(1)), "the next one is sent at once"


def test_what_no_log_takes_is_not_even_sent(gateway: StandIn, publisher: HttpPublisher) -> None:
    with pytest.raises(ContractError, match="too_large"):
        publisher.publish(batch(series=MAX_RECORD_BYTES // 20))

    assert not gateway.requests


@pytest.mark.parametrize(
    "answer", [b"", b"null", b"[]", b"\xff", b'{"server_time": "x", "errors": [3]}', b"x" * 70_000]
)
@pytest.mark.parametrize("status", [202, 503])
def test_an_answer_that_says_nothing_counts_by_its_status(
    gateway: StandIn, publisher: HttpPublisher, answer: bytes, status: int
) -> None:
    gateway.script.raw_answer = answer
    gateway.script.statuses = [status]

    assert publisher.publish(batch()) is (status == 202)


def test_a_gateway_that_does_not_answer_is_given_up_and_asked_again(
    gateway: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_publisher, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(http_publisher, "FIRST_WAIT_SECONDS", 0.01)
    publisher = HttpPublisher(HttpSettings(gateway.url, Secret(KEY)))
    gateway.script.hangs = True
    assert publisher.publish(batch()) is False
    assert "no answer within 0.1 s" in caplog.text
    gateway.script.hangs = False

    assert publisher.publish(batch()) is True
    publisher.close()


def test_a_gateway_that_is_not_there_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_publisher, "FIRST_WAIT_SECONDS", 0.01)
    with standing_in() as gone:
        port = gone.port
    publisher = HttpPublisher(HttpSettings(f"http://127.0.0.1:{port}", Secret(KEY)))
    assert publisher.publish(batch()) is False
    assert "Connection refused" in caplog.text
    with standing_in(port) as gateway:
        wait_until(lambda: publisher.publish(batch()), what="the batch to be taken")
        assert len(gateway.batches) == 1
    publisher.close()


def test_an_attempt_is_interrupted_at_once(gateway: StandIn, publisher: HttpPublisher) -> None:
    gateway.script.hangs = True
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(publisher.publish(batch())))
    thread.start()
    wait_until(lambda: gateway.requests, what="the request")
    begun = time.monotonic()

    publisher.interrupt()
    thread.join(5)

    assert answers == [False]
    assert time.monotonic() - begun < 2


def test_a_clock_that_is_wrong_is_told_once_and_nothing_is_rewritten(
    gateway: StandIn, publisher: HttpPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.script.server_time_ms = round(time.time() * 1000) - 60_000
    assert publisher.clock_skew_seconds is None

    assert publisher.publish(batch(0))
    assert publisher.publish(batch(1))

    assert caplog.text.count("The clock of this host is 60.0 s ahead of") == 1
    assert publisher.clock_skew_seconds == pytest.approx(60, abs=5)
    assert {one.recorded_at_ms for one in gateway.batches} == {1000}


@pytest.fixture
def secured() -> Iterator[StandIn]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    with standing_in(tls=context) as gateway:
        yield gateway


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(secured: StandIn) -> None:
    publisher = HttpPublisher(HttpSettings(secured.url, Secret(KEY), TLS / "ca.pem"))

    assert publisher.publish(batch(0))
    assert publisher.publish(batch(1))

    assert secured.connections == 1
    publisher.close()


def test_a_certificate_that_nobody_vouches_for_gets_no_key(secured: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    publisher = HttpPublisher(HttpSettings(secured.url, Secret(KEY)))

    assert publisher.publish(batch()) is False

    assert "its certificate is not trusted" in caplog.text
    assert not secured.requests
    publisher.close()


def test_a_certificate_for_another_name_gets_no_key(secured: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    url = secured.url.replace("localhost", "127.0.0.1")
    publisher = HttpPublisher(HttpSettings(url, Secret(KEY), TLS / "ca.pem"))

    assert publisher.publish(batch()) is False

    assert "its certificate is not trusted" in caplog.text
    assert not secured.requests
    publisher.close()


def test_a_ca_file_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no PEM")

    with pytest.raises(SettingsError, match="cannot be read as PEM"):
        HttpPublisher(HttpSettings("https://localhost", Secret(KEY), tmp_path / "ca.pem"))
