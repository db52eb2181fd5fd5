"""Keeps web pages away from the HTTP port: a page can send requests to this machine, but not hide that it did."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pulsemon_deploy.clickhouse.settings import is_loopback

OWN_NAMES = frozenset({"localhost"})
OWN_SITES = frozenset({"same-origin", "none"})


def refusal(headers: Mapping[str, str]) -> str | None:
    """Why a request is refused, or None. ``headers`` find their values in any case of the name.

    A foreign Host is a name that someone pointed at this machine (DNS rebinding); a foreign Origin is another page.
    """
    host = headers.get("Host", "")
    if not _is_own(host):
        return f"the Host {host!r} is not this machine: use 127.0.0.1 or localhost"
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return f"requests of pages of {origin!r} are refused"
    if headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
        return "requests of other pages are refused"
    return None


def _is_own(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in OWN_NAMES or is_loopback(name)
