"""What one check found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether it is as it should be."""

    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """``found`` says what is; ``advice`` what to do about a problem."""

    verdict: Verdict
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    """As it should be."""
    return Finding(Verdict.OK, found)


def problem(found: str, advice: str) -> Finding:
    """Not as it should be."""
    return Finding(Verdict.PROBLEM, found, advice)


def skipped(found: str) -> Finding:
    """Could not be looked at."""
    return Finding(Verdict.SKIPPED, found)
