"""The rings of the suite: tests run from the cheapest to the dearest, and each ring's time stands at the end.

With ``CI`` set, a skipped test is a failure: on a machine that was made for testing nothing may be missing.
"""

import os
from pathlib import PurePath

import pytest

# The folder below tests/, in the order of running; several folders can make one ring.
RINGS = {
    "unit": "unit, contract, property",
    "contract": "unit, contract, property",
    "property": "unit, contract, property",
    "ui": "ui",
    "integration": "integration",
    "faults": "faults",
    "e2e": "end to end",
    "packaging": "packaging",
}
OTHER = "other"


def ring_of(path: str) -> str:
    """The folder that decides about a test's ring, from its path below the root."""
    parts = PurePath(path).parts
    folder = parts[parts.index("tests") + 1] if "tests" in parts[:-1] else OTHER
    return folder if folder in RINGS else OTHER


class Rings:
    """Sorts tests by ring, and sums up times and skips."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._tests: dict[str, int] = {}
        self._skipped: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Cheapest first."""
        order = [*RINGS, OTHER]
        items.sort(key=lambda item: order.index(ring_of(item.location[0])))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Sums up times, that of fixtures included, of whichever process the test ran in; remembers skips."""
        ring = RINGS.get(ring_of(report.location[0]), OTHER)
        self._seconds[ring] = self._seconds.get(ring, 0.0) + report.duration
        self._tests[ring] = self._tests.get(ring, 0) + (report.when == "setup")
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped[report.nodeid] = reason

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file can be skipped too."""
        if report.skipped:
            self._skipped[report.nodeid] = str(report.longrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In CI a skip fails the run."""
        if self._skipped and _in_ci() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line a ring; in CI also one a skip."""
        if len(self._tests) > 1:
            terminalreporter.section("rings")
            for ring, seconds in self._seconds.items():
                terminalreporter.write_line(f"{ring:<26} {self._tests[ring]:>5} tests {seconds:>7.1f} s")
        if self._skipped and _in_ci():
            terminalreporter.section("skipped in CI, which is a failure")
            for name, reason in self._skipped.items():
                terminalreporter.write_line(f"{name}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the plugin."""
    config.pluginmanager.register(Rings(), "pulsemon-rings")


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
