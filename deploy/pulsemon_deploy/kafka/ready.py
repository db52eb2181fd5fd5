"""When a broker is ready: it answers an authenticated client with metadata."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import AuthError, PermanentError, TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

# A broker on this machine comes up within a second: asking often costs nothing and finds it at once.
_RECONNECT = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 50, "log_level": 0}
_ANSWER_SECONDS = 1.0


def wait_ready(
    settings: KafkaSettings,
    timeout_seconds: float,
    is_alive: Callable[[], bool] = lambda: True,
    log: str = "its log",
) -> None:
    """Returns once the broker answers this login with metadata that has a broker and a controller.

    Raises AuthError as soon as the broker refuses the login, PermanentError when ``is_alive`` says that its process
    ended, TransientError at the deadline; ``log`` says in these where to look for the reason.
    """
    refused: list[KafkaError] = []

    def on_error(error: KafkaError) -> None:
        if error.name() == "_AUTHENTICATION":
            refused.append(error)

    config: dict[str, Any] = {**client_config(settings), **_RECONNECT, "error_cb": on_error}
    client = AdminClient(config)
    deadline = time.monotonic() + timeout_seconds
    while not _answers(client, min(_ANSWER_SECONDS, max(deadline - time.monotonic(), 0.01))):
        client.poll(0)
        if refused:
            raise _refused(settings)
        if not is_alive():
            raise PermanentError(
                f"{_name(settings)} ended before it was ready; its data was kept. The reason is in {log}."
            )
        if time.monotonic() >= deadline:
            raise TransientError(f"{_name(settings)} did not answer in {timeout_seconds:.0f} s. Look into {log}.", 1.0)


def _answers(client: AdminClient, timeout_seconds: float) -> bool:
    with contextlib.suppress(KafkaException):
        metadata = client.list_topics(timeout=timeout_seconds)
        return bool(metadata.brokers) and metadata.controller_id >= 0
    return False


def _name(settings: KafkaSettings) -> str:
    return f"Kafka at {settings.bootstrap}"


def _refused(settings: KafkaSettings) -> AuthError:
    return AuthError(
        f"{_name(settings)} refused the login {settings.username!r}; its data was not touched. Its secret is not the "
        "one that its data folder was made with: put the old secret back, or start afresh with: pulsemon reset"
    )
