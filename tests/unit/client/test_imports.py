import json
import subprocess
import sys

HEAVY = ("faust", "streamlit", "clickhouse_driver", "chdb", "pandas", "pyarrow", "numpy", "click", "psutil", "asyncio")
LATE = ("confluent_kafka", "fastavro", "dataclasses", "importlib.metadata", "logging", "socket", "pathlib", "inspect")
OUTPUT = "; import sys, json; print(json.dumps(sorted(sys.modules)))"
MOST_MODULES = 80
"""A measure of time that does not depend on the machine; bench client has the milliseconds."""


def loaded(code: str) -> set[str]:
    argv = [sys.executable, "-W", "error", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}{OUTPUT}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_import_loads_nothing_that_a_service_would_notice() -> None:
    added = loaded("import pulsemon") - loaded("pass")
    assert added.isdisjoint(HEAVY + LATE)
    assert len(added) < MOST_MODULES


def test_making_instruments_loads_no_more_and_the_first_value_only_what_sends() -> None:
    made = loaded("import pulsemon; c = pulsemon.Client('a', environ={}); c.counter('a.b', x='y'); c.timer('a.t')")
    assert made.isdisjoint({*HEAVY, "confluent_kafka", "fastavro", "dataclasses"})

    counted = loaded(
        "import pulsemon; c = pulsemon.Client('a', environ={'PULSEMON_CLIENT_EXIT_SECONDS': '0'});"
        " c.count('a.b'); c.flush(0.01); c.close(0)"
    )
    # confluent_kafka itself imports asyncio
    assert counted.isdisjoint({*HEAVY} - {"asyncio"})


def test_settings_of_kafka_are_there_when_asked_for() -> None:
    from pulsemon import Client, KafkaSettings, Secret

    kafka = KafkaSettings("kafka:9092", "SASL_SSL", username="agent", password=Secret("x"))
    assert Client(kafka=kafka, environ={}).flush()


def test_the_public_face_is_what_it_says() -> None:
    import pulsemon

    assert pulsemon.__all__ == sorted(pulsemon.__all__)
    assert all(hasattr(pulsemon, name) for name in pulsemon.__all__)
