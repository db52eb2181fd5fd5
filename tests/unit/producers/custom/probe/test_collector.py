import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.probe.collector import ProbeCollector
from pulsemon_producers.custom.probe.settings import ProbeSettings
from pulsemon_schemas.runtime.secret import Secret
from support.small_servers import TRUSTED, Page, closed_port, dripping_server, silent_server, web_server

NOW_SECONDS = 1_780_000_000.0
EXPIRED_SECONDS = 1_704_153_600.0
TRUSTED_SECONDS = 4_859_740_799.0
TICK = Tick(0, None, "boot", {})


@contextmanager
def probing(settings: ProbeSettings) -> Iterator[ProbeCollector]:
    collector = ProbeCollector(Host(wall_seconds=lambda: NOW_SECONDS), settings)
    yield collector
    collector.close()


def values(collector: ProbeCollector) -> dict[str, float]:
    return {f"{point.name}{{{point.labels}}}": point.value for point in collector.collect(TICK)}


def failure(settings: ProbeSettings) -> str:
    """The reason why the target is down."""
    with probing(settings) as collector:
        found = values(collector)
    assert found["probe.up{probe=web}"] == 0.0
    (reason,) = [key for key in found if key.startswith("probe.failures")]
    return reason.partition("reason=")[2].rstrip("}")


def test_a_web_page_that_answers_as_wanted() -> None:
    with web_server(Page(b"all is well")) as page:
        settings = ProbeSettings(
            "web",
            f"http://127.0.0.1:{page.port}/health?deep=1",
            headers=("X-Team: ops",),
            authorization=Secret("Bearer abc"),
            body="is w.ll",
        )
        with probing(settings) as collector:
            found = values(collector)

    assert found["probe.up{probe=web}"] == 1.0
    assert found["probe.http.status{probe=web}"] == 200.0
    assert found["probe.http.body.size{probe=web}"] == 11.0
    phases = [found[f"probe.phase.duration{{phase={phase},probe=web}}"] for phase in ("resolve", "connect", "wait")]
    assert 0 < sum(phases) <= found["probe.duration{probe=web}"] < 5
    assert not any(key.startswith(("probe.failures", "probe.tls")) for key in found)
    (asked,) = page.asked
    assert asked["path"] == "/health?deep=1"
    assert (asked["X-Team"], asked["Authorization"], asked["User-Agent"]) == ("ops", "Bearer abc", "pulsemon-probe")
    assert "abc" not in repr(settings)


@pytest.mark.parametrize(
    ("page", "settings", "reason"),
    [
        (Page(status=503), {}, "status"),
        (Page(status=204), {"status": (200,)}, "status"),
        (Page(b"sorry"), {"body": "well"}, "body"),
    ],
)
def test_an_answer_that_is_not_as_wanted_says_why(page: Page, settings: dict[str, object], reason: str) -> None:
    with web_server(page):
        assert failure(ProbeSettings("web", f"http://127.0.0.1:{page.port}/", **settings)) == reason  # type: ignore[arg-type]


def test_a_redirection_is_an_answer_and_not_followed() -> None:
    with web_server(Page(status=302)) as page, probing(ProbeSettings("web", f"http://127.0.0.1:{page.port}")) as probe:
        found = values(probe)

    assert (found["probe.up{probe=web}"], found["probe.http.status{probe=web}"]) == (1.0, 302.0)
    assert len(page.asked) == 1


def test_nobody_there_no_such_name_and_no_http_are_told_apart() -> None:
    assert failure(ProbeSettings("web", f"tcp://127.0.0.1:{closed_port()}")) == "connect"
    assert failure(ProbeSettings("web", "tcp://no-such-host.invalid:80")) == "resolve"
    with silent_server(b"220 mail ESMTP\r\n") as port:
        assert failure(ProbeSettings("web", f"http://127.0.0.1:{port}")) == "protocol"


def test_a_port_that_takes_connections_is_up() -> None:
    with silent_server() as port, probing(ProbeSettings("web", f"tcp://127.0.0.1:{port}")) as probe:
        assert values(probe)["probe.up{probe=web}"] == 1.0


@pytest.mark.parametrize("scheme", ["http", "tls"])
def test_a_server_that_says_nothing_ends_at_the_deadline(scheme: str) -> None:
    begun = time.monotonic()
    with silent_server() as port:
        assert failure(ProbeSettings("web", f"{scheme}://127.0.0.1:{port}", timeout_seconds=0.2)) == "timeout"
    assert 0.2 <= time.monotonic() - begun < 2


def test_a_server_that_drips_ends_at_the_deadline_too() -> None:
    begun = time.monotonic()
    with dripping_server(b"H", 0.05) as port:
        assert failure(ProbeSettings("web", f"http://127.0.0.1:{port}", timeout_seconds=0.3)) == "timeout"
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("scheme", ["https", "tls"])
def test_the_certificates_time_is_told(scheme: str) -> None:
    with web_server(Page(), certificate="localhost") as page:
        settings = ProbeSettings("web", f"{scheme}://localhost:{page.port}", ca_file=TRUSTED)
        with probing(settings) as collector:
            found = values(collector)

    assert found["probe.up{probe=web}"] == 1.0
    assert found["probe.tls.expiry{probe=web}"] > 90 * 365 * 86_400
    assert found["probe.phase.duration{phase=tls,probe=web}"] > 0


@pytest.mark.parametrize("certificate", ["localhost", "expired"])
def test_a_certificate_that_is_not_trusted_is_down_and_its_time_is_told(certificate: str) -> None:
    with web_server(Page(), certificate=certificate) as page:
        settings = ProbeSettings("web", f"https://127.0.0.1:{page.port}")
        assert failure(settings) == "tls"
        with probing(settings) as collector:
            found = values(collector)

    end_seconds = found["probe.tls.expiry{probe=web}"] + NOW_SECONDS
    assert end_seconds == (EXPIRED_SECONDS if certificate == "expired" else TRUSTED_SECONDS)


def test_who_does_not_verify_trusts_any_certificate() -> None:
    with web_server(Page(), certificate="expired") as page:
        settings = ProbeSettings("web", f"https://127.0.0.1:{page.port}", verify_tls=False)
        with probing(settings) as collector:
            assert values(collector)["probe.up{probe=web}"] == 1.0


def test_what_follows_the_path_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert failure(ProbeSettings("web", f"http://127.0.0.1:{closed_port()}/health?token=secret#more")) == "connect"
    assert "/health does not answer" in caplog.text
    assert "secret" not in caplog.text


def test_down_and_up_again_is_logged_once_each_and_failures_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with (
        web_server(Page(status=500)) as page,
        probing(ProbeSettings("web", f"http://127.0.0.1:{page.port}")) as collector,
    ):
        for _ in range(3):
            found = values(collector)
        page.status = 200
        values(collector)

    assert found["probe.failures{probe=web,reason=status}"] == 3.0
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "status: the answer was 500" in caplog.text
