"""Streamlit's own scripts and styles, compressed once instead of at each request or not at all."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/static/"
SUFFIXES = (".js", ".css")
LEAST_BYTES = 1024
KEPT_FILES = 256
YEAR_SECONDS = 31_536_000


class CompressedAssets:
    """ASGI middleware that answers for the text files below ``folder``: their names carry a hash, they never change."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers requests for such a file by browsers that take gzip; everything else goes on."""
        file = self._file(scope)
        body = _compressed(file) if file is not None else None
        if file is None or body is None:
            await self._app(scope, receive, send)
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = {
            "Content-Encoding": "gzip",
            "Vary": "Accept-Encoding",
            "Cache-Control": f"public, immutable, max-age={YEAR_SECONDS}",
        }
        await Response(body, media_type=kind, headers=headers)(scope, receive, send)

    def _file(self, scope: Scope) -> Path | None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PREFIX):
            return None
        if not scope["path"].endswith(SUFFIXES) or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return None
        file = (self._folder / scope["path"].removeprefix("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None


@lru_cache(KEPT_FILES)
def _compressed(file: Path) -> bytes | None:
    """The compressed content, or None where it would not pay."""
    content = file.read_bytes()
    return gzip.compress(content, 6) if len(content) >= LEAST_BYTES else None
