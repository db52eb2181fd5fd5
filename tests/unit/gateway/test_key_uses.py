"""When keys were used is told seldom, completely, and again after the log was away."""

import asyncio

from pulsemon_producers.gateway.key_uses import TOLD_EVERY_MS, KeyUses
from pulsemon_schemas.key_use import decode, encode

NOW_MS = 1_800_000_000_000


class Log:
    def __init__(self) -> None:
        self.records: list[tuple[str, int | None]] = []
        self.is_away = False

    async def append(self, topic: str, key: bytes, value: bytes, partition: int) -> int:
        if self.is_away:
            raise ConnectionError("away")
        self.records.append((key.decode(), decode(value)))
        return len(self.records)


def test_each_key_is_told_at_once_and_then_once_in_a_quarter_of_an_hour() -> None:
    uses, log = KeyUses(), Log()
    for minute in range(60):
        now_ms = NOW_MS + minute * 60_000
        uses.note("always", now_ms)
        if minute == 3:
            uses.note("once", now_ms)
        asyncio.run(uses.publish(log, now_ms - TOLD_EVERY_MS))
    assert [time for key, time in log.records if key == "once"] == [NOW_MS + 180_000]
    assert [time for key, time in log.records if key == "always"] == [NOW_MS + 900_000 * one for one in range(4)]
    asyncio.run(uses.publish(log, NOW_MS + 3_600_000))
    assert log.records[4 + 1 :] == [("always", NOW_MS + 59 * 60_000)], "at the end all is told"


def test_what_the_log_did_not_take_is_told_later() -> None:
    uses, log = KeyUses(), Log()
    uses.note("a", NOW_MS)
    log.is_away = True
    asyncio.run(uses.publish(log, NOW_MS))
    log.is_away = False
    asyncio.run(uses.publish(log, NOW_MS))
    assert log.records == [("a", NOW_MS)]


def test_other_bytes_are_no_use() -> None:
    assert decode(encode(NOW_MS)) == NOW_MS
    for value in (b"", b"[]", b'{"used_at": "now"}', b"\xff"):
        assert decode(value) is None
