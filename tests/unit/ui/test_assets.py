import gzip
from pathlib import Path

import pytest
from pulsemon_ui.assets import CompressedAssets
from starlette.applications import Starlette
from starlette.types import ASGIApp
from support.asgi import get

ORIGIN = "http://127.0.0.1:8501"
GZIP = {"accept-encoding": "gzip, br"}


@pytest.fixture
def app(tmp_path: Path) -> ASGIApp:
    folder = tmp_path / "streamlit"
    (folder / "static").mkdir(parents=True)
    (folder / "static" / "big.js").write_text("x" * 5000)
    (folder / "static" / "small.js").write_text("x")
    (tmp_path / "outside.js").write_text("s" * 5000)
    return CompressedAssets(Starlette(), folder)


def test_scripts_travel_compressed_and_are_kept_by_the_browser(app: ASGIApp) -> None:
    answer = get(app, f"{ORIGIN}/static/big.js", GZIP)

    assert gzip.decompress(answer.body) == b"x" * 5000
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/static/small.js", "/static/none.js", "/static/../../outside.js", "/big.js"])
def test_what_is_small_missing_or_outside_goes_on(app: ASGIApp, path: str) -> None:
    assert get(app, ORIGIN + path, GZIP).status == 404


def test_browsers_that_do_not_take_gzip_are_served_as_before(app: ASGIApp) -> None:
    assert get(app, f"{ORIGIN}/static/big.js").status == 404
