"""Batches to a gateway over HTTP. docs/ingest.md is the contract."""

import gzip
import http.client
import logging
import random
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Sequence

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import ContractError, SettingsError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.topics import MAX_RECORD_BYTES

from pulsemon_producers import http_answer
from pulsemon_producers.http_answer import Answer, Verdict
from pulsemon_producers.http_settings import HttpSettings

log = logging.getLogger(__name__)

PATH = "/api/v1/metrics"
CONTENT_TYPE = "application/vnd.pulsemon.batches+avro"
LENGTH_BYTES = 4
MAX_BATCHES = 64
MAX_BODY_BYTES = 5 * 1024 * 1024
"""What any gateway takes in one request, unpacked."""
TIMEOUT_SECONDS = 10.0
"""For connecting, and for each wait for bytes of an answer."""
FIRST_WAIT_SECONDS = 0.5
MAX_WAIT_SECONDS = 30.0
SLOW_SECONDS = 30.0
"""Before asking again when only a person can help."""
ATTEMPT_SECONDS = 50.0
MAX_RETRY_AFTER_SECONDS = 900.0
MAX_ANSWER_BYTES = 65_536
GZIP_LEVEL = 1
MIN_GZIP_BYTES = 512
SKEW_SECONDS = 2.0
MS_PER_SECOND = 1000


def framed(records: Sequence[bytes]) -> bytes:
    """The body of a request: each record with its length before it, four bytes, big endian."""
    return b"".join(len(record).to_bytes(LENGTH_BYTES, "big") + record for record in records)


class HttpPublisher:
    """The ``Publisher`` of a gateway. One connection, kept open; connects when it is first needed."""

    def __init__(self, settings: HttpSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._parts = urllib.parse.urlsplit(self._url)
        self._key = settings.key
        self._tls = _tls(settings) if self._parts.scheme == "https" else None
        self._encoder = BatchEncoder()
        self._connection: http.client.HTTPConnection | None = None
        self._is_interrupted = threading.Event()
        self._not_before = 0.0
        self._failures = 0
        self._told: str | None = None
        self._skew_seconds: float | None = None
        self._is_skewed = False

    @property
    def clock_skew_seconds(self) -> float | None:
        """As ``Publisher.clock_skew_seconds``; what the answer needed for its way counts as ahead."""
        return self._skew_seconds

    def publish(self, batch: MetricBatch) -> bool:
        """As ``Publisher.publish``; waits first if the gateway asked for it, or was away just now."""
        outcome = self.publish_many([batch])[0]
        if isinstance(outcome, ContractError):
            raise outcome
        return outcome

    def publish_many(self, batches: Sequence[MetricBatch]) -> list[bool | ContractError]:
        """As ``GroupPublisher.publish_many``: as many of the first as a request may have."""
        try:
            records = self._records(batches)
        except ContractError as refusal:
            return [refusal]
        if not self._wait_turn():
            return [False]
        answer = self._ask(framed(records))
        self._look_at_clock(answer)
        if answer.verdict is Verdict.TAKEN:
            self._tell_back()
            return [True] * len(records)
        if answer.verdict is Verdict.REFUSED:
            return self._refused(answer, batches[: len(records)])
        self._put_off(answer)
        self._tell(answer)
        return [False]

    def interrupt(self) -> None:
        """As ``Publisher.interrupt``."""
        self._is_interrupted.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def close(self) -> None:
        """As ``Publisher.close``."""
        self.interrupt()
        self._disconnect()

    def _records(self, batches: Sequence[MetricBatch]) -> list[bytes]:
        """The first of them as bytes, one at least. Raises ContractError if the first alone is too large."""
        records: list[bytes] = []
        left_bytes = MAX_BODY_BYTES
        for batch in batches[:MAX_BATCHES]:
            value = self._encoder.encode(batch)
            left_bytes -= LENGTH_BYTES + len(value)
            if records and (len(value) > MAX_RECORD_BYTES or left_bytes < 0):
                break
            if len(value) > MAX_RECORD_BYTES:
                raise ContractError("too_large", f"{len(value)} bytes; a record has at most {MAX_RECORD_BYTES}")
            records.append(value)
        return records

    def _refused(self, answer: Answer, batches: Sequence[MetricBatch]) -> list[bool | ContractError]:
        """Each outcome, by the places that the answer names; without them each batch is asked for alone."""
        if len(batches) == 1:
            return [ContractError(answer.reason, f"the gateway answered {answer.detail}")]
        if answer.refused and all(0 <= index < len(batches) for index in answer.refused):
            self._tell_back()
            outcomes: list[bool | ContractError] = [True] * len(batches)
            for index, code in answer.refused.items():
                outcomes[index] = ContractError(code, f"the gateway answered {answer.detail}")
            return outcomes
        outcomes = []
        for batch in batches:
            outcomes += self.publish_many([batch])
            if outcomes[-1] is False:
                break
        return outcomes

    def _wait_turn(self) -> bool:
        """False if it is not yet time to ask again, or if it was interrupted."""
        seconds = self._not_before - time.monotonic()
        if self._is_interrupted.wait(max(0.0, min(seconds, ATTEMPT_SECONDS))):
            return False
        return seconds <= ATTEMPT_SECONDS

    def _ask(self, body: bytes) -> Answer:
        is_kept_open = self._connection is not None
        try:
            return self._exchange(body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self._disconnect()
            if not is_kept_open or self._is_interrupted.is_set():
                return _no_answer(error)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            return _no_answer(error)
        # A gateway may end a connection that was idle. If it has the batch already, this one is a duplicate by its
        # sequence.
        try:
            return self._exchange(body)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            return _no_answer(error)

    def _exchange(self, body: bytes) -> Answer:
        if self._connection is None:
            self._connection = self._connect()
        headers = {"Content-Type": CONTENT_TYPE, "Authorization": f"Bearer {self._key.reveal()}"}
        if len(body) >= MIN_GZIP_BYTES:
            body = gzip.compress(body, GZIP_LEVEL)
            headers["Content-Encoding"] = "gzip"
        if self._connection.sock is None:
            self._connection.connect()
        if self._is_interrupted.is_set():
            raise ConnectionAbortedError("stopped while it waited")
        self._connection.request("POST", self._parts.path + PATH, body, headers)
        response = self._connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES + 1)
        if len(text) > MAX_ANSWER_BYTES or response.will_close:
            self._disconnect()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return http_answer.read(response.status, answered, text, time.time())

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self._tls)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _put_off(self, answer: Answer) -> None:
        """Sets when to ask again: as the gateway wishes, else later each time, a little different on each host."""
        backoff = min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(self._failures, 10))
        self._failures += 1
        seconds = backoff * random.uniform(0.5, 1.0)
        if answer.verdict is not Verdict.AWAY:
            seconds = SLOW_SECONDS
        if answer.retry_after_seconds is not None:
            seconds = min(answer.retry_after_seconds, MAX_RETRY_AFTER_SECONDS) + seconds * 0.1
        self._not_before = time.monotonic() + seconds

    def _tell(self, answer: Answer) -> None:
        """Once for each change of what is wrong."""
        if self._told != answer.verdict.name:
            log.warning("%s: %s. %s", self._url, answer.detail, ADVICE[answer.verdict])
        self._told = answer.verdict.name

    def _tell_back(self) -> None:
        if self._told is not None:
            log.info("%s takes batches again.", self._url)
        self._told = None
        self._failures = 0

    def _look_at_clock(self, answer: Answer) -> None:
        if answer.server_time_ms is None:
            return
        self._skew_seconds = skew_seconds = time.time() - answer.server_time_ms / MS_PER_SECOND
        is_skewed = abs(skew_seconds) > SKEW_SECONDS
        if is_skewed and not self._is_skewed:
            log.warning(
                "The clock of this host is %.1f s %s that of the gateway. Samples keep the times of this host; set its "
                "clock.",
                abs(skew_seconds),
                "ahead of" if skew_seconds > 0 else "behind",
            )
        self._is_skewed = is_skewed


ADVICE = {
    Verdict.AWAY: "Batches are kept and sent when it takes them; nothing more is logged until then.",
    Verdict.NOT_TRUSTED: (
        f"It does not accept the key that is set here. Batches are kept, and it is asked again every "
        f"{SLOW_SECONDS:g} s; set a key that is valid for this server, and start the program that sends them again."
    ),
    Verdict.MISPLACED: (
        f"That is no answer of a gateway of Pulse Monitor. Batches are kept, and it is asked again every "
        f"{SLOW_SECONDS:g} s; look at the url that is set."
    ),
}


def _no_answer(error: Exception) -> Answer:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted ({error.verify_message})"
    elif isinstance(error, TimeoutError):
        why = f"no answer within {TIMEOUT_SECONDS:g} s"
    else:
        why = str(error) or type(error).__name__
    return Answer(Verdict.AWAY, "no_answer", why)


def _tls(settings: HttpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError([f"ca_file {settings.ca_file}: cannot be read as PEM ({error})"]) from error
