"""What the rule behind an alert tells people, read from the control log at the rule's version."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.errors import ContractError

log = logging.getLogger(__name__)

PARTITION = 0
LOOK_UP_SECONDS = 5.0
POLL_SECONDS = 0.1
TRY_AGAIN_SECONDS = 60.0
MAX_VERSIONS = 1000


@dataclass(frozen=True, slots=True)
class RuleText:
    """The words of one version of a rule; empty where it has none."""

    summary: str = ""
    runbook: str = ""
    owner: str = ""


NO_TEXT = RuleText()


class Rulebook:
    """Looks rules up by version: a version is the offset of a record in the control log.

    After a failure, which is logged, nothing is looked up for a minute: alerts do not wait for their words.
    """

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        from confluent_kafka import Consumer

        self._topic = topic
        self._consumer = Consumer(dict(config), logger=log)
        self._known: OrderedDict[int, RuleText] = OrderedDict()
        self._not_before = 0.0

    def text(self, version: int) -> RuleText:
        """The words of a version, empty if they cannot be read now."""
        if version < 0 or version in self._known:
            return self._known.get(version, NO_TEXT)
        if time.monotonic() < self._not_before:
            return NO_TEXT
        try:
            value = self._read(version)
        except _NotReadError as error:
            self._not_before = time.monotonic() + TRY_AGAIN_SECONDS
            log.warning(
                "Version %d of a rule cannot be read from %s: %s. Alerts come without the words of their rule; "
                "the next look is in %.0f s.",
                version,
                self._topic,
                error,
                TRY_AGAIN_SECONDS,
            )
            return NO_TEXT
        return self._remember(version, _words(value))

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()

    def _read(self, version: int) -> bytes:
        from confluent_kafka import TopicPartition

        self._consumer.assign([TopicPartition(self._topic, PARTITION, version)])
        try:
            return self._poll(version)
        finally:
            self._consumer.unassign()

    def _poll(self, version: int) -> bytes:
        deadline = time.monotonic() + LOOK_UP_SECONDS
        while time.monotonic() < deadline:
            message = self._consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            if (error := message.error()) is not None:
                if not error.retriable() and error.code() > 0:
                    raise _NotReadError(error.str())
                continue
            if message.offset() != version:
                raise _NotReadError(f"the log goes on at {message.offset()}")
            return message.value() or b""
        raise _NotReadError(f"no answer within {LOOK_UP_SECONDS:.0f} s")

    def _remember(self, version: int, text: RuleText) -> RuleText:
        self._known[version] = text
        if len(self._known) > MAX_VERSIONS:
            self._known.popitem(last=False)
        return text


class _NotReadError(Exception):
    """A version that cannot be read now."""


def _words(value: bytes) -> RuleText:
    from pulsemon_schemas import codec
    from pulsemon_schemas.records import ControlRecord

    try:
        record = codec.decode(value)
        body = json.loads(record.body) if isinstance(record, ControlRecord) and record.body else {}
    except (ContractError, ValueError):
        return NO_TEXT
    if not isinstance(body, dict):
        return NO_TEXT
    return RuleText(*(str(body.get(name) or "") for name in ("summary", "runbook", "owner")))
