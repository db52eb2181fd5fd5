"""What one probe asks, by the scheme of its address."""

import re
import ssl
import urllib.parse
from dataclasses import dataclass, field

from pulsemon_producers.custom.checks import header
from pulsemon_producers.custom.net.certificate import not_after_seconds
from pulsemon_producers.custom.net.dial import DialError, Dialler, Phase, Timing, encrypt, make_context
from pulsemon_producers.custom.net.http import Answer, Endpoint
from pulsemon_producers.custom.probe.settings import ProbeSettings

MAX_BODY_BYTES = 1 << 20
USER_AGENT = "pulsemon-probe"
RIGHT_STATUS = range(200, 400)


@dataclass(slots=True)
class Verdict:
    """What a target did. ``failure`` is None if it answered as wanted."""

    timing: Timing
    failure: DialError | None = None
    answer: Answer | None = None
    certificate: bytes = b""
    phases: dict[Phase, float] = field(default_factory=dict)

    @property
    def not_after_seconds(self) -> float | None:
        """The end of the certificate that was shown; None if there was none, or none that can be read."""
        try:
            return not_after_seconds(self.certificate) if self.certificate else None
        except ValueError:
            return None


class Target:
    """One target, asked by one thread."""

    def __init__(self, settings: ProbeSettings) -> None:
        parts = urllib.parse.urlsplit(settings.url)
        self._settings = settings
        self._is_encrypted = parts.scheme in ("https", "tls")
        context = make_context(settings.verify_tls, settings.ca_file) if self._is_encrypted else None
        self._context = context
        self._endpoint = Endpoint(settings.url, context, settings.timeout_seconds) if settings.is_http else None
        self._host = parts.hostname or ""
        port = self._endpoint.port if self._endpoint else parts.port or 0
        self._dialler = Dialler(self._host, port, settings.timeout_seconds)
        self._body = re.compile(settings.body.encode()) if settings.body else None
        self._headers = {"User-Agent": USER_AGENT, **dict(map(header, settings.headers))}
        if settings.authorization:
            self._headers["Authorization"] = settings.authorization.reveal()

    def ask(self) -> Verdict:
        """Asks once; what goes wrong is in the verdict."""
        verdict = Verdict(Timing.of(self._settings.timeout_seconds))
        try:
            if self._endpoint is not None:
                self._ask_http(self._endpoint, verdict)
            else:
                self._connect(self._context, verdict)
        except DialError as failure:
            verdict.failure = failure
        verdict.phases.update(verdict.timing.seconds)
        if self._is_encrypted and not verdict.certificate:
            self._look_at_certificate(verdict)
        return verdict

    def close(self) -> None:
        """Ends the resolvers' threads."""
        self._dialler.close()
        if self._endpoint is not None:
            self._endpoint.close()

    def _ask_http(self, endpoint: Endpoint, verdict: Verdict) -> None:
        try:
            answer = endpoint.ask(self._settings.method, self._headers, MAX_BODY_BYTES, verdict.timing)
        finally:
            verdict.certificate = endpoint.certificate
        verdict.answer = answer
        wanted = self._settings.status or RIGHT_STATUS
        if answer.status not in wanted:
            raise DialError("status", f"the answer was {answer.status}")
        if self._body is not None and self._body.search(answer.body) is None:
            raise DialError("body", f"the answer does not hold {self._settings.body!r}")

    def _connect(self, context: ssl.SSLContext | None, verdict: Verdict) -> None:
        line = self._dialler.dial(verdict.timing)
        try:
            if context is not None:
                verdict.certificate = encrypt(line, context, self._host, verdict.timing)
        finally:
            line.hang_up()

    def _look_at_certificate(self, verdict: Verdict) -> None:
        """One that is not trusted is looked at by a second handshake: most often it has expired, and that is told."""
        if verdict.failure is None or verdict.failure.reason != "tls":
            return
        try:
            self._connect(make_context(verify=False, ca_file=None), verdict)
        except DialError:
            return
