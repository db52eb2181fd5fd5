"""Where a request shows its key: in one header, never in the address."""

import base64
import binascii
from collections.abc import Iterable

from pulsemon_producers.gateway.problems import KEY_IN_QUERY, KEY_MISSING, Problem

SECRET_PARAMETERS = frozenset({"p", "password", "pass", "token", "key", "api_key", "apikey", "access_token", "auth"})
KEY_START = "pm_"
HOW = "Send it as `Authorization: Bearer pm_…`, `Token pm_…`, or as the password of Basic."


def check_query(parameters: Iterable[tuple[str, str]]) -> None:
    """Raises Problem if the address holds a key: addresses end in the logs of proxies. The key is not repeated."""
    for name, value in parameters:
        if name.lower() in SECRET_PARAMETERS or value.startswith(KEY_START):
            raise Problem(
                KEY_IN_QUERY,
                f"The parameter {name[:40]!r} holds a secret, and addresses are logged on their way: nothing was "
                f"written. {HOW} Rotate the key with `pulsemon key rotate`, others may have seen it.",
            )


def key_text(authorization: str) -> str:
    """The key in the header: Bearer, Telegraf's Token, or the password of Basic. Raises Problem if there is none."""
    scheme, _, rest = authorization.partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme in ("bearer", "token") and rest:
        # InfluxDB 1.8 has its Token as user:password
        return rest.rpartition(":")[2]
    if scheme == "basic" and rest:
        try:
            _, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            password = ""
        if password:
            return password
    raise Problem(KEY_MISSING, f"The request shows no key. {HOW}")
