"""Processes put together by what they run, and what each of those programs uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import NamedTuple

from pulsemon_producers.collectors.process_table import Process, Use


class Running(NamedTuple):
    """A process with what it uses, and what it used since the last reading (0 at the first). A tuple as ``Process``."""

    process: Process
    use: Use
    cpu_ticks: int
    read_bytes: int
    written_bytes: int

    @property
    def is_idle(self) -> bool:
        """True if it used nothing: a process that goes on so is the same at the next reading."""
        return not (self.cpu_ticks or self.read_bytes or self.written_bytes)


@dataclass(frozen=True, slots=True)
class Program:
    """All processes of one name, or of one watch."""

    name: str
    members: tuple[Running, ...]

    @property
    def cpu_ticks(self) -> int:
        """Used since the last reading."""
        return sum(one.cpu_ticks for one in self.members)

    @property
    def resident_pages(self) -> int:
        """In memory now, pages that are shared counted for each."""
        return sum(one.process.resident_pages for one in self.members)

    @property
    def disk_bytes(self) -> int:
        """Read and written since the last reading."""
        return sum(one.read_bytes + one.written_bytes for one in self.members)

    @property
    def descriptors(self) -> int:
        """Open now, of the processes that may be asked; 0 if none may."""
        return sum(one.use.descriptors or 0 for one in self.members)

    @property
    def shows_descriptors(self) -> bool:
        """True if those of all its processes are known: newer kernels tell anyone."""
        return all(one.use.descriptors is not None for one in self.members)

    @property
    def shows_disk_bytes(self) -> bool:
        """True if those of all its processes are known: they are told to the owner and to root alone."""
        return all(one.use.read_bytes is not None and one.use.written_bytes is not None for one in self.members)


def by_name(running: Iterable[Running]) -> dict[str, Program]:
    """The programs that run."""
    groups: dict[str, list[Running]] = {}
    for one in running:
        groups.setdefault(one.process.name, []).append(one)
    return {name: Program(name, tuple(members)) for name, members in groups.items()}


def biggest(programs: Iterable[Program], measure: str, count: int) -> list[str]:
    """Names of the ``count`` programs with the most of a measure, those with none left out; names decide a draw."""
    amount = attrgetter(measure)
    used = sorted((-most, one.name) for one in programs if (most := amount(one)) > 0)
    return [name for _, name in used[:count]]


@dataclass(frozen=True, slots=True)
class Watch:
    """What is to run: processes whose program or command line fits the pattern."""

    name: str
    pattern: str

    def fits(self, program: str, arguments: str) -> bool:
        """The kernel cuts names of programs after 15 characters, so the first argument counts as one too."""
        first = arguments.partition(" ")[0].rpartition("/")[2]
        return any(fnmatchcase(text, self.pattern) for text in (program, first, arguments))


def watches(texts: Sequence[str]) -> tuple[Watch, ...]:
    """``NAME=PATTERN``, or a name that is also the pattern."""
    parts = (text.partition("=") for text in texts)
    return tuple(Watch(name.strip(), (pattern or name).strip()) for name, _, pattern in parts)


def watched(running: Sequence[Running], wanted: Iterable[Watch], arguments: Mapping[int, str]) -> dict[str, Program]:
    """The program of each watch, without members if nothing fits. ``arguments`` are command lines by process number."""
    return {
        watch.name: Program(
            watch.name, tuple(one for one in running if watch.fits(one.process.name, arguments[one.process.pid]))
        )
        for watch in wanted
    }
