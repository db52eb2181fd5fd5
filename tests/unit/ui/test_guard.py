from collections.abc import Callable
from pathlib import Path

import pytest
from pulsemon_ui.access import Access, make_link
from pulsemon_ui.guard import HEALTH_PATH, Guard, cookie_name
from pulsemon_ui.settings import UiSettings
from pulsemon_ui.vitals import Vitals
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from support.asgi import Answer, get, websocket_messages

ORIGIN = "http://127.0.0.1:8501"

SignIn = Callable[[], dict[str, str]]


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """What is guarded."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("a page")(scope, receive, send)


@pytest.fixture
def settings(tmp_path: Path) -> UiSettings:
    return UiSettings(tmp_path / "access")


@pytest.fixture
def app(settings: UiSettings) -> ASGIApp:
    return Guard(inner, settings, Access(settings.access_file))


@pytest.fixture
def sign_in(app: ASGIApp, settings: UiSettings) -> SignIn:
    def open_link() -> dict[str, str]:
        return {"cookie": get(app, make_link(settings)).headers["set-cookie"].split(";")[0]}

    return open_link


@pytest.mark.parametrize("path", ["/", "/server?id=a", "/static/js/index.js", "/_stcore/health", "/open"])
def test_without_a_session_every_path_is_closed_and_says_how_to_get_one(app: ASGIApp, path: str) -> None:
    answer = get(app, ORIGIN + path)

    assert answer.status == 403
    assert "pulsemon status" in answer.text


def test_a_link_opens_everything_and_works_once(app: ASGIApp, settings: UiSettings) -> None:
    link = make_link(settings)
    first, second = get(app, link), get(app, link)
    cookie = first.headers["set-cookie"]

    assert first.status == 200
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert get(app, f"{ORIGIN}/", {"cookie": cookie.split(";")[0]}).text == "a page"
    assert second.status == 403
    assert "used before" in second.text
    assert "set-cookie" not in second.headers


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_only_a_visit_uses_a_link_up(app: ASGIApp, settings: UiSettings, method: str) -> None:
    link = make_link(settings)
    looked = get(app, link, method=method)

    assert (looked.status, looked.headers["allow"], looked.body) == (405, "GET", b"")
    assert "set-cookie" not in looked.headers
    assert get(app, link).status == 200


def test_a_link_is_not_kept_by_caches_nor_told_to_other_pages(app: ASGIApp, settings: UiSettings) -> None:
    answer = get(app, make_link(settings))

    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_the_websocket_is_guarded_too(app: ASGIApp, sign_in: SignIn) -> None:
    assert websocket_messages(app, f"{ORIGIN}/stream") == ["websocket.close"]
    assert websocket_messages(app, f"{ORIGIN}/stream", sign_in()) == ["websocket.accept"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1", "127.0.0.1:9999", ""])
def test_another_name_of_the_host_is_refused_even_with_a_session(app: ASGIApp, sign_in: SignIn, host: str) -> None:
    assert get(app, f"{ORIGIN}/", {**sign_in(), "host": host}).status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8501", "http://127.0.0.1:9999"])
def test_another_page_may_not_talk_to_it(app: ASGIApp, sign_in: SignIn, origin: str) -> None:
    session = sign_in()

    assert get(app, f"{ORIGIN}/", {**session, "origin": origin}).status == 403
    assert get(app, f"{ORIGIN}/", {**session, "origin": ORIGIN}).status == 200
    assert websocket_messages(app, f"{ORIGIN}/stream", {**session, "origin": origin}) == ["websocket.close"]


def test_health_needs_no_session_but_the_right_host(app: ASGIApp) -> None:
    def health(**headers: str) -> Answer:
        return get(app, ORIGIN + HEALTH_PATH, headers)

    assert health().status == 200
    assert health(host="evil.example").status == 421


@pytest.mark.parametrize("value", ["abc", '"\\"', "..", "1.2.3"])
def test_a_strange_cookie_is_no_session(app: ASGIApp, settings: UiSettings, value: str) -> None:
    assert get(app, f"{ORIGIN}/", {"cookie": f"{cookie_name(settings)}={value}"}).status == 403
    assert get(app, f"{ORIGIN}/", {"cookie": f"=;;={value}"}).status == 403


def test_an_open_websocket_is_a_viewer_and_one_that_is_refused_is_none(settings: UiSettings) -> None:
    vitals = Vitals()
    seen: list[int] = []

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(vitals.viewers)
        await inner(scope, receive, send)

    guard = Guard(counting, settings, Access(settings.access_file), vitals)
    session = {"cookie": get(guard, make_link(settings)).headers["set-cookie"].split(";")[0]}
    assert get(guard, f"{ORIGIN}/", session).status == 200
    websocket_messages(guard, f"{ORIGIN}/stream")
    websocket_messages(guard, f"{ORIGIN}/stream", session)
    assert (seen, vitals.viewers) == ([0, 1], 0)
