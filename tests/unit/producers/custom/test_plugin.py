import logging
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import Names
from pulsemon_producers.crew import Crew
from pulsemon_producers.custom.plugin import PluginCollector
from support.waiting import wait_until
from unit.producers.doubles import Steady

GOOD = """
from pulsemon_producers.collectors.base import Collector, gauge
from pulsemon_producers.collectors.names import Names

class Mail(Collector):
    name = "mail"
    interval_seconds = 60.0
    deadline_seconds = 3.0
    names = Names.OURS
    closed = []

    def collect(self, tick):
        yield gauge("custom.mail.queue", 4)

    def close(self):
        self.closed.append(self)
"""
TICK_MS = 10_000


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.startswith("of_others_"):
            del sys.modules[name]


def install(site: Path, name: str, code: str, value: str = "Mail") -> None:
    """A package that offers a collector, as pip leaves it behind."""
    module = f"of_others_{name}"
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[pulsemon.collectors]\n{name} = {module}:{value}\n")


def tick(number: int) -> Tick:
    return Tick(number * TICK_MS, None, "boot", {})


def crew_of(*names: str) -> Crew:
    return Crew.of([Steady(Host()), *(PluginCollector(Host(), name) for name in names)], TICK_MS)


def answered(crew: Crew, number: int) -> list[str]:
    return sorted(outcome.collector for outcome in crew.collect(tick(number)))


def test_an_installed_collector_runs_behind_one_of_ours(site: Path) -> None:
    install(site, "mail", GOOD)
    crew = crew_of("mail")

    assert [number for number in range(12, 25) if "custom.mail" in answered(crew, number)] == [12, 18, 24]
    collector = crew.members["custom.mail"].collector
    assert (collector.interval_seconds, collector.deadline_seconds) == (60.0, 3.0)
    assert collector.names is Names.CUSTOM, "whatever the class says of itself"
    crew.close(5)
    assert len(sys.modules["of_others_mail"].Mail.closed) == 1


def test_what_is_not_enabled_is_not_even_imported(site: Path) -> None:
    install(site, "mail", GOOD)
    install(site, "bomb", "raise SystemExit('imported')\n")
    crew = crew_of("mail")
    answered(crew, 1)
    crew.close(5)

    assert "of_others_bomb" not in sys.modules


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_module\n", r"of_others_mail:Mail cannot be loaded \(ModuleNotFoundError: No module named"),
        ("raise SystemExit('gone')\n", r"cannot be loaded \(SystemExit: gone\)"),
        (GOOD.replace("60.0", "'often'"), r"cannot be loaded \(ValueError: could not convert string to float"),
        (GOOD.replace("60.0", "0.0"), "has an interval or a deadline that is not above 0"),
        ("Mail = 3\n", "of_others_mail:Mail is no subclass of Collector"),
        (GOOD + "    def __init__(self, host): raise OSError('no spool')\n", r"cannot be loaded \(OSError: no spool\)"),
    ],
)
def test_one_that_cannot_be_loaded_is_said_once_counted_and_ends_nothing(
    site: Path, caplog: pytest.LogCaptureFixture, code: str, told: str
) -> None:
    caplog.set_level(logging.WARNING)
    install(site, "mail", code)
    crew = crew_of("mail")

    for number in (1, 2, 3):
        assert answered(crew, number) == ["steady"]

    assert crew.members["custom.mail"].errors == 3
    (record,) = caplog.records
    assert re.search(told, record.getMessage())
    crew.close(5)


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ("None", "it yields None: make points with gauge()"),
        ("{'custom.a': 1}", "it yields {'custom.a': 1}: make points"),
        ("('gauge', 'custom.a', '', 1.0)", "make points with gauge()"),
        ("Point('gauge', 'custom.a', '', 1.0)", "has parts of other types"),
        ("Point(Kind.GAUGE, None, '', 1.0)", "has parts of other types"),
        ("Point(Kind.GAUGE, 'custom.a', {'b': 'c'}, 1.0)", "has parts of other types"),
        ("Point(Kind.GAUGE, 'custom.a', '', '12')", "has parts of other types"),
        ("Point(Kind.COUNTER, 'custom.a', '', None)", "has parts of other types"),
        ("gauge('custom.\\udc80', 1)", "characters that can be printed"),
        ("gauge('custom.' + 'a' * 200, 1)", "use at most 200 characters"),
        ("gauge('custom.a', 1, {'b': 'c' * 20_000})", "labels of custom.a have more than 16384 characters"),
        ("Point(Kind.GAUGE, 'custom.a', 'b=\\udc80', 1.0)", "labels of custom.a are no text"),
    ],
)
def test_what_is_no_point_is_an_error_of_that_collector_alone(
    site: Path, caplog: pytest.LogCaptureFixture, point: str, told: str
) -> None:
    code = GOOD.replace("import Collector, gauge", "import Collector, Kind, Point, gauge")
    good = 'yield gauge("custom.mail.queue", 4)'
    install(site, "mail", code.replace(good, f"{good}\n        yield {point}"))
    crew = crew_of("mail")

    assert answered(crew, 1) == ["steady"]

    assert crew.members["custom.mail"].errors == 1
    assert told in caplog.text
    crew.close(5)


def test_a_name_that_nobody_offers_is_said_with_the_one_that_was_meant(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(site, "mailqueue", GOOD)
    crew = crew_of("mailqueu")

    assert answered(crew, 1) == ["steady"]
    assert "no installed package offers a collector 'mailqueu'" in caplog.text
    assert "did you mean mailqueue?" in caplog.text
    crew.close(5)


def test_an_import_that_hangs_delays_nobody(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = threading.Event()
    monkeypatch.setattr(sys, "of_others_event", event, raising=False)
    install(site, "mail", "import sys\nsys.of_others_event.wait(60)\n" + GOOD)
    crew = crew_of("mail")
    crew.patience_seconds = 0.05

    assert answered(crew, 1) == ["steady"]
    assert answered(crew, 2) == ["steady"]
    event.set()
    wait_until(lambda: not crew.outcomes.empty(), what="the end of the import")
    assert "custom.mail" in answered(crew, 3)
    crew.close(5)
