import threading

from pulsemon_producers.collectors.probe import Probe
from support.waiting import wait_until


def test_a_question_that_hangs_is_left_alone_until_it_is_answered() -> None:
    release = threading.Event()
    asked: list[str] = []

    def question(key: str) -> str:
        asked.append(key)
        if key == "/mnt/dead" and not release.is_set():
            release.wait(60)
            return "too late"
        return f"size of {key}"

    probe = Probe(question, patience_seconds=0.05)

    assert probe.ask("/mnt/dead") is None
    assert probe.ask("/") == "size of /"
    assert probe.ask("/mnt/dead") is None
    assert asked == ["/mnt/dead", "/"], "it was not asked again"

    release.set()
    assert wait_until(lambda: probe.ask("/mnt/dead"), what="an answer") == "size of /mnt/dead"
    probe.close()


def test_an_error_is_no_answer() -> None:
    def question(key: str) -> str:
        raise OSError(key)

    probe = Probe(question, patience_seconds=10)

    assert probe.ask("/") is None
    assert probe.ask("/") is None
    probe.close()
