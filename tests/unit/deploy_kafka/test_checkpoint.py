from pathlib import Path

from pulsemon_deploy.kafka.checkpoint import bootstrap_checkpoint, crc32c
from pulsemon_deploy.kafka.scram import ScramCredential

# Made by ``StorageTool format`` of Kafka 4.3.1; its header has the first time, the rest the second.
GOLDEN = Path(__file__).with_name("kafka-4.3.1.checkpoint").read_bytes()
HEADER_MS, RECORDS_MS = 0x1A207FBD11B, 0x1A207FBD12C
HEADER_BYTES = 83


def test_without_users_it_is_what_kafka_itself_writes() -> None:
    assert bootstrap_checkpoint([], HEADER_MS)[:HEADER_BYTES] == GOLDEN[:HEADER_BYTES]
    assert bootstrap_checkpoint([], RECORDS_MS)[HEADER_BYTES:] == GOLDEN[HEADER_BYTES:]


def test_a_user_is_one_record_with_its_keys() -> None:
    user = ScramCredential("admin", b"s" * 32, b"k" * 64, b"v" * 64, 4096)
    content = bootstrap_checkpoint([user], 0)

    record = b"\x01\x0b\x00\x06admin\x02\x21" + b"s" * 32 + b"\x41" + b"k" * 64 + b"\x41" + b"v" * 64
    assert content.count(record + (4096).to_bytes(4, "big") + b"\0") == 1


def test_crc32c_has_the_check_value_of_its_specification() -> None:
    assert crc32c(b"123456789") == 0xE3069283
