"""When ClickHouse is ready: it answers our login. One that somebody else runs may be away for a while."""

import time
from collections.abc import Callable

from pulsemon_schemas.errors import AuthError, TransientError
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

POLL_SECONDS = 0.5
ANSWER_SECONDS = 5.0
# Unknown user, wrong password, password needed, authentication failed.
REFUSED_LOGIN_CODES = frozenset({192, 193, 194, 516})


def wait_store(settings: ClickHouseSettings, timeout_seconds: float, says: Callable[[str], None]) -> None:
    """Returns once it answers a query; ``says`` is told once if it has to wait.

    Raises AuthError as soon as the login is refused, TransientError at the deadline.
    """
    deadline = time.monotonic() + timeout_seconds
    where = f"ClickHouse at {settings.host}:{settings.port}"
    is_told = False
    while (reason := _why_not(settings)) is not None:
        if time.monotonic() >= deadline:
            raise TransientError(f"{where} did not answer in {timeout_seconds:g} s: {reason}. Is it running?")
        if not is_told:
            says(f"waits for {where}, which does not answer")
            is_told = True
        time.sleep(POLL_SECONDS)


def _why_not(settings: ClickHouseSettings) -> str | None:
    store = NativeStore(settings, timeout_seconds=ANSWER_SECONDS)
    try:
        store.rows("SELECT 1")
    except StoreUnreachableError as error:
        return str(error.__cause__ or error)
    except StoreRefusedError as error:
        if error.code in REFUSED_LOGIN_CODES:
            raise AuthError(
                f"ClickHouse at {settings.host}:{settings.port} refused the login {settings.user!r} ({error.text}); "
                "nothing was changed. Set PULSEMON_CLICKHOUSE_USER and PULSEMON_CLICKHOUSE_PASSWORD to one it knows"
            ) from error
        raise
    finally:
        store.close()
    return None
