"""Stands before every route, the websocket too: the right host, our own pages, and a session; or the way to one."""

from html import escape
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from urllib.parse import parse_qs, urlsplit

from pulsemon_schemas.errors import AuthError
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pulsemon_ui.access import OPEN_PATH, SESSION_SECONDS, Access
from pulsemon_ui.settings import UiSettings
from pulsemon_ui.vitals import Vitals

HEALTH_PATH = "/healthz"
REFUSED_WEBSOCKET = 4403
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """ASGI middleware around the whole application. Only HEALTH_PATH needs no session. An open page is a viewer."""

    def __init__(self, app: ASGIApp, settings: UiSettings, access: Access, vitals: Vitals | None = None) -> None:
        self._app = app
        self._vitals = vitals or Vitals()
        self._access = access
        self._hosts = {f"{name}:{settings.port}" for name in LOCAL_NAMES} | {urlsplit(settings.origin).netloc}
        self._cookie = cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may pass, and answers the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._judge(scope, headers)
        if answer is None and scope["type"] == "websocket":
            with self._vitals.viewing():
                await self._app(scope, receive, send)
        elif answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": REFUSED_WEBSOCKET, "reason": "no session"})
        else:
            await answer(scope, receive, send)

    def _judge(self, scope: Scope, headers: Headers) -> Response | None:
        """None if it may pass."""
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse(f"{host!r} is not a name of this dashboard\n", 421)
        if (origin := headers.get("origin")) is not None and origin not in {f"http://{name}" for name in self._hosts}:
            return PlainTextResponse("this page may not talk to the dashboard\n", 403)
        if scope["path"] == HEALTH_PATH:
            return None
        if scope["path"] == OPEN_PATH and scope["type"] == "http":
            return self._open(scope) if scope["method"] == "GET" else _only_get()
        return None if self._has_session(headers) else _denied("This dashboard opens with a one-time link.")

    def _has_session(self, headers: Headers) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
            self._access.check_session(morsel.value if morsel is not None else "")
        except (AuthError, CookieError):
            return False
        return True

    def _open(self, scope: Scope) -> Response:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        try:
            session = self._access.exchange(token)
        except AuthError as error:
            return _denied(f"{str(error).capitalize()}.")
        # A page that goes on by itself, not a redirect: after one, a browser that came from elsewhere holds a Strict
        # cookie back.
        answer = HTMLResponse(_page("opened.html"))
        answer.set_cookie(self._cookie, session, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="strict")
        return _kept_to_itself(answer)


def cookie_name(settings: UiSettings) -> str:
    """Cookies are shared by all ports of a host, so the port is part of the name."""
    return f"pulsemon_session_{settings.port}"


def _only_get() -> Response:
    """What previews a link asks for its head first: that must not use the link up."""
    return _kept_to_itself(Response(status_code=405, headers={"Allow": "GET"}))


def _denied(reason: str) -> Response:
    return _kept_to_itself(HTMLResponse(_page("denied.html").replace("{reason}", escape(reason)), 403))


def _kept_to_itself(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(name: str) -> str:
    return resources.files("pulsemon_ui").joinpath("doors", name).read_text("utf-8")
