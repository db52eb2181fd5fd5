import re

from pulsemon_deploy.kafka.lock import DOWNLOAD_BYTES, KAFKA_VERSION, LOCK_FILE, read_lock, write_line


def test_the_announced_download_is_the_sum_of_the_lock() -> None:
    assert sum(jar.size_bytes for jar in read_lock()) == DOWNLOAD_BYTES


def test_every_jar_has_a_whole_sum_and_a_name_of_its_own() -> None:
    jars = read_lock()

    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert len({jar.name for jar in jars}) == len(jars)


def test_broker_and_clients_have_the_version_that_is_promised() -> None:
    names = {jar.name for jar in read_lock()}

    assert {f"kafka_2.13-{KAFKA_VERSION}.jar", f"kafka-clients-{KAFKA_VERSION}.jar"} <= names


def test_a_log_binding_is_among_them() -> None:
    assert any(jar.artifact == "log4j-slf4j-impl" for jar in read_lock())


def test_the_lock_names_no_address() -> None:
    assert "//" not in LOCK_FILE.read_text()


def test_lines_are_written_as_they_are_read() -> None:
    assert sorted(map(write_line, read_lock())) == sorted(LOCK_FILE.read_text().splitlines())
