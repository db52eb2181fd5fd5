"""The dashboard as a process: ready when a page opens, open to whom it should be, gone when told."""

import gzip
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from pulsemon_ui.access import Access
from pulsemon_ui.guard import cookie_name
from support.dashboards import STOP_SECONDS, ServedDashboard, served, start

MOST_RSS_BYTES = 300 * 1024 * 1024


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDashboard]:
    with served(tmp_path_factory.mktemp("served")) as one:
        yield one


def status(dashboard: ServedDashboard, path: str, headers: Mapping[str, str] | None = None) -> int:
    request = urllib.request.Request(dashboard.origin + path, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def session(dashboard: ServedDashboard) -> dict[str, str]:
    token = Access(dashboard.settings.access_file).issue_session()
    return {"Cookie": f"{cookie_name(dashboard.settings)}={token}"}


def test_when_it_says_ready_a_page_opens_and_its_script_has_run(dashboard: ServedDashboard) -> None:
    assert status(dashboard, "/", session(dashboard)) == 200
    assert status(dashboard, "/_stcore/script-health-check", session(dashboard)) == 200


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/metrics", "/_stcore/script-health-check", "/server"]
)
def test_nothing_but_health_is_open_to_strangers(dashboard: ServedDashboard, path: str) -> None:
    assert status(dashboard, path) == 403
    assert status(dashboard, "/healthz") == 200


def test_streamlits_scripts_travel_compressed(dashboard: ServedDashboard) -> None:
    import streamlit

    folder = Path(streamlit.__file__).parent / "static"
    script = max((folder / "static" / "js").glob("*.js"), key=lambda file: file.stat().st_size)
    path = f"/{script.relative_to(folder)}"
    headers = {**session(dashboard), "Accept-Encoding": "gzip"}
    with urllib.request.urlopen(urllib.request.Request(dashboard.origin + path, headers=headers)) as answer:
        body = answer.read()

    assert gzip.decompress(body) == script.read_bytes()
    assert len(body) < script.stat().st_size / 2


def test_it_stays_small(dashboard: ServedDashboard) -> None:
    status(dashboard, "/_stcore/script-health-check", session(dashboard))

    assert psutil.Process(dashboard.process.pid).memory_info().rss < MOST_RSS_BYTES


def test_a_port_in_use_ends_it_with_one_clear_sentence(dashboard: ServedDashboard, tmp_path: Path) -> None:
    (tmp_path / "steering").write_text("{}")
    second = start(dashboard.settings, tmp_path)

    assert second.wait(60) != 0
    assert "perhaps another program has the port" in (tmp_path / "console.log").read_text()


def test_it_ends_when_told(tmp_path: Path) -> None:
    with served(tmp_path) as one:
        one.process.terminate()

        assert one.process.wait(STOP_SECONDS) == 0
