import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pulsemon.testing import CollectorContractError, check_collector
from pulsemon_producers.collectors.base import Collector, Kind, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.load import LoadCollector


class Queue(Collector):
    """Yields what a test gives it, tick by tick."""

    name = "queue"
    deadline_seconds = 5.0
    answers: Callable[[int], Iterable[Any]] = staticmethod(lambda number: [gauge("custom.queue", number)])

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.number = 0
        self.is_closed = False

    def collect(self, tick: Tick) -> Iterable[Point]:
        self.number += 1
        yield from self.answers(self.number)

    def close(self) -> None:
        self.is_closed = True


def of(answers: Callable[[int], Iterable[Any]], **attributes: Any) -> type[Queue]:
    return type("Made", (Queue,), {"answers": staticmethod(answers), "__module__": "__main__", **attributes})


def findings(collector: Any, **options: Any) -> tuple[str, ...]:
    with pytest.raises(CollectorContractError) as caught:
        check_collector(collector, **options)
    return caught.value.findings


def test_a_good_class_and_a_good_instance_give_the_points_of_the_last_tick() -> None:
    instance = of(lambda number: [counter("custom.sent", number, {"to": "a"}), gauge("custom.queue", 1)])(Host())

    assert check_collector(of(lambda number: [gauge("custom.queue", number)]), ticks=2) == (
        Point(Kind.GAUGE, "custom.queue", "", 2.0),
    )
    assert check_collector(instance)[0] == Point(Kind.COUNTER, "custom.sent", "to=a", 3.0)
    assert instance.is_closed


def test_collectors_of_ours_keep_the_contract_too() -> None:
    assert {point.name for point in check_collector(LoadCollector, prefix="system.")} >= {"system.cpu.load_average.1m"}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (lambda _: [gauge("queue", 1)], "the name queue does not begin with custom."),
        (lambda _: [gauge("custom.mail queue", 1)], "the name 'custom.mail queue': use letters, digits and _ between"),
        (lambda _: [gauge("custom.", 1)], "the name 'custom.': use letters"),
        (lambda _: [("custom.a", 1)], "it yields ('custom.a', 1): make points with gauge(), counter() or updown()"),
        (
            lambda _: [Point(Kind.GAUGE, "custom.a", "b=1,a=2", 1.0)],
            "custom.a{b=1,a=2} are not in their canonical order",
        ),
        (lambda _: [Point(Kind.GAUGE, "custom.a", "b", 1.0)], "the labels of custom.a{b} cannot be read"),
        (lambda _: [gauge("custom.a", float("nan"))], "custom.a{} has the value nan: leave a point out"),
        (lambda _: [gauge("custom.a", float("inf"))], "custom.a{} has the value inf"),
        (lambda _: [gauge("custom.a", 1), gauge("custom.a", 2)], "custom.a{} comes twice in one tick"),
        (
            lambda _: [gauge("custom.a", 1, {"x": "1"}), updown("custom.a", 1, {"x": "2"})],
            "custom.a is a gauge and a updown: one name has one kind",
        ),
        (
            lambda number: [counter("custom.a", 3 - number)],
            "the counter custom.a{} fell from 2 to 1 at tick 2: it must only grow",
        ),
        (lambda _: [], "it yields nothing at tick 3"),
        (lambda number: [1 / 0], "tick 1 raised ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_wrong_with_its_points_is_said(answers: Callable[[int], Iterable[Any]], told: str) -> None:
    assert any(told in finding for finding in findings(of(answers)))


def test_everything_is_said_at_once_and_each_thing_once() -> None:
    broken = of(lambda _: [gauge("a", 1), gauge("b", 1)], name="my queue", interval_seconds=0)

    assert findings(broken) == (
        "its name 'my queue': use 1 to 63 letters, digits, _ . -, and begin with a letter or digit",
        "its interval_seconds is 0: a number above 0",
        "the name a does not begin with custom.",
        "the name b does not begin with custom.",
    )
    with pytest.raises(AssertionError, match="Made breaks the contract of collectors:\n  - its name"):
        check_collector(broken)


def test_one_that_hangs_is_left_alone_after_its_deadline() -> None:
    release = threading.Event()

    def hang(_: int) -> Iterable[Any]:
        release.wait(60)
        return []

    assert findings(of(hang, deadline_seconds=0.05)) == ("tick 1 did not return within its deadline of 0.05 s",)
    release.set()


def test_what_it_leaves_behind_is_said() -> None:
    release = threading.Event()

    def start(number: int) -> Iterable[Any]:
        if number == 1:
            threading.Thread(target=release.wait, args=(60,), name="left", daemon=True).start()
        return [gauge("custom.a", 1)]

    def fail(_: Any) -> None:
        raise OSError("still in use")

    assert findings(of(start, close=fail)) == (
        "close() raised OSError: still in use",
        "the thread left still runs after close()",
    )
    release.set()


def test_what_cannot_be_made_or_is_no_collector_is_said() -> None:
    class Needy(Queue):
        __module__ = "__main__"

        def __init__(self, host: Host, folder: Path) -> None:
            super().__init__(host)

    assert "it cannot be made with a Host (TypeError:" in findings(Needy)[0]
    assert "is no subclass of pulsemon.collectors.Collector" in findings(Path)[0]


IMPORTED = """
from pulsemon_producers.collectors.base import Collector, gauge
{effect}
class Mail(Collector):
    name = "mail"
    def collect(self, tick):
        yield gauge("custom.mail", 1)
"""


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        ("", ()),
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
            ("starts a thread",),
        ),
        ("import os; os.environ['X_OF_MINE'] = '1'", ("changes the environment",)),
        ("import logging; logging.basicConfig()", ("sets up logging",)),
        ("import signal; signal.signal(signal.SIGTERM, lambda *_: None)", ("handles signals",)),
        ("import subprocess; subprocess.run(['true'])", ("starts a program",)),
        (
            "import socket; socket.create_server(('127.0.0.1', 0)).close()",
            ("listens on the network",),
        ),
        ("print('hello')", ("prints 'hello'",)),
        ("open(__file__ + '.log', 'w').close()", ("writes to {file}.log",)),
    ],
)
def test_what_its_import_does_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effect: str, told: tuple[str, ...]
) -> None:
    (tmp_path / "mail_of_others.py").write_text(IMPORTED.format(effect=effect))
    monkeypatch.syspath_prepend(tmp_path)
    mail = type("Mail", (Queue,), {"__module__": "mail_of_others"})

    found = () if not told else findings(mail)
    if not told:
        check_collector(mail)
    wanted = {f"importing mail_of_others {one.format(file=tmp_path / 'mail_of_others.py')}" for one in told}
    assert wanted <= set(found)
