"""What a library embeds of the agent loads nothing heavy before it is used."""

import subprocess
import sys

HEAVY = ("confluent_kafka", "fastavro", "psutil", "http.client", "ssl")
LIGHT = ("backlog", "batches", "drafts", "outbox", "publisher", "sender", "tally")


def loaded_by(*modules: str) -> set[str]:
    program = "; ".join([*(f"import pulsemon_producers.{name}" for name in modules), "import sys; print(*sys.modules)"])
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return set(shown.split()) & set(HEAVY)


def test_queue_sender_and_numbers_load_no_client_of_anything() -> None:
    assert loaded_by(*LIGHT) == set()


def test_the_way_over_http_needs_the_standard_library_alone() -> None:
    assert loaded_by("http_publisher") == {"http.client", "ssl"}


def test_the_spool_reads_avro_by_itself() -> None:
    assert loaded_by("spool.disk_spool", "spool.opening") == set()
