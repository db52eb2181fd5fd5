"""Clients that edit the same few entities at once through several gateways, and what the log has of their edits."""

import http.client
import json
import random
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.control import UNUSED, Fold, Verdict
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.topics import CONTROL
from support.kafka import Broker

MADE, CONFLICT, UNSURE = (200, 201), 409, 503
LOST = 0.1
"""The share of answers to edits that the client does not wait for: it sends the same again, to whichever gateway."""


class LostAnswerError(Exception):
    """The client goes without the answer to what it has sent."""


@dataclass(frozen=True)
class Edit:
    """One edit with its last answer; ``tries`` were needed to get one."""

    entity_id: str
    change_id: str
    marker: str
    status: int
    version: int
    tries: int


@dataclass
class Editor:
    """One client: reads an entity and writes over what it read, at whichever gateway answers, until no edit is left."""

    ports: Sequence[int]
    token: str
    ids: Sequence[str]
    left: "Countdown"
    seed: int
    edits: list[Edit] = field(default_factory=list)
    strange: list[tuple[int, bytes]] = field(default_factory=list)

    def run(self) -> None:
        self._random = random.Random(self.seed)
        self._connection: http.client.HTTPConnection | None = None
        while self.left.take():
            self.edits.append(self._edit(self._random.choice(self.ids)))
        self._close()

    def _edit(self, entity_id: str) -> Edit:
        condition = self._condition(entity_id)
        change_id, marker = uuid.uuid4().hex, f"{self.seed}-{len(self.edits)}"
        headers = {**condition, "Idempotency-Key": change_id, "Content-Type": "application/json"}
        body = json.dumps({"name": marker}).encode()
        status, item, tries = self._until_sure("PUT", entity_id, body, headers)
        if status not in (*MADE, CONFLICT):
            self.strange.append((status, json.dumps(item).encode()))
        return Edit(entity_id, change_id, marker, status, item.get("version", UNUSED), tries)

    def _condition(self, entity_id: str) -> dict[str, str]:
        status, item, _ = self._until_sure("GET", entity_id, None, {})
        return {"If-Match": f'"{item["version"]}"'} if status == 200 else {"If-None-Match": "*"}

    def _until_sure(
        self, method: str, entity_id: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], int]:
        """The same request again and again until somebody answers for certain."""
        tries = 0
        while True:
            tries += 1
            try:
                status, raw = self._ask(method, f"/api/v1/servers/{entity_id}", body, headers)
            except LostAnswerError:
                self._drop()
                continue
            except (OSError, http.client.HTTPException):
                self._close()
                continue
            if status != UNSURE:
                return status, json.loads(raw), tries
            self._close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            port = self._random.choice(self.ports)
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **headers})
        if method == "PUT" and self._random.random() < LOST:
            raise LostAnswerError
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _close(self) -> None:
        if self._connection is not None:
            self._drop()
            threading.Event().wait(0.02)  # a killed gateway is not asked in a tight loop

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Countdown:
    """So many edits are left for all clients together."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    @property
    def left(self) -> int:
        return max(0, self._left)


@dataclass(frozen=True)
class Written:
    """One record of the control log, and what it did."""

    record: ControlRecord
    verdict: Verdict


def control_log(broker: Broker) -> tuple[Fold, dict[int, Written]]:
    """The control log folded from its beginning, and every record by its offset."""
    consumer = Consumer(consumer_config(broker.settings, f"test-{uuid.uuid4().hex}", "test"))
    fold, found, at = Fold(), dict[int, Written](), 0
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(CONTROL.name, 0), 10)
        consumer.assign([TopicPartition(CONTROL.name, 0, 0)])
        while at < end:
            for message in consumer.consume(end - at, 0.2):
                offset = message.offset() or 0
                at = offset + 1
                record = decode(message.value() or b"")
                assert isinstance(record, ControlRecord)
                found[offset] = Written(record, fold.apply(offset, record))
    finally:
        consumer.close()
    return fold, found
