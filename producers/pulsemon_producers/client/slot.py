"""Which of a service's processes on this host one is: a number that a restart finds again.

A slot is a small file that its process keeps locked. The system lets go of the lock however the process ends, so the
next one takes the lowest free number, and learns from the file who had it before. In a folder that nobody has named,
which others of this host may not see, the number is claimed from them as well.
"""

import contextlib
import fcntl
import json
import logging
import os
import stat
import zlib
from typing import NamedTuple

from pulsemon_producers.client.claim import NOTHING, claim

log = logging.getLogger(__name__)

MAX_SLOTS = 1000
MAX_NAME_CHARACTERS = 60
STATE_BYTES = 160
FOLDER_MODE = 0o700
FILE_MODE = 0o600
USER_RUNTIME_FOLDERS = "/run/user"


class Past(NamedTuple):
    """What a slot's last producer has used, delivered or not."""

    producer_id: str = ""
    sequence: int = -1
    recorded_at_ms: int = -1
    steps: int = 0


class Slot:
    """One process's place. ``instance`` is its name in the series' labels; ``past`` is who had it before."""

    def __init__(self, instance: str, descriptor: int, past: Past, claimed: int = NOTHING) -> None:
        self.instance = instance
        self.past = past
        self._descriptor = descriptor
        self._claimed = claimed
        self._is_failing = False

    def remember(self, state: Past) -> None:
        """Writes down what is used, before it is sent. It outlives the process, but need not outlive the machine."""
        if self._descriptor < 0:
            return
        try:
            os.pwrite(self._descriptor, json.dumps(state).encode().ljust(STATE_BYTES), 0)
        except OSError as error:
            if not self._is_failing:
                log.warning(
                    "The slot of instance %s cannot be written (%s). Samples are sent as before; the loss of the last "
                    "batches before a crash cannot be proved.",
                    self.instance,
                    error,
                )
            self._is_failing = True

    def release(self) -> None:
        """Lets the next process have it. In a forked child the parent keeps it."""
        held = (self._descriptor, self._claimed)
        self._descriptor = self._claimed = -1
        for descriptor in held:
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)


def take_slot(folder: str, server_id: str, service: str, wanted: str, scope: str = "") -> Slot:
    """The slot called ``wanted``, or with .1, .2, … behind it if others have that; "" for the lowest free number.

    The number comes after the ``scope``, if there is one: shop-1/0. ``folder`` "" is the user's runtime folder, or one
    below the folder for temporary files. Where no file can be locked, which is logged, the number is claimed all the
    same, or else the instance is named after the process, and a restart is another series.
    """
    try:
        path = folder or _default_folder()
        _make(path)
        for number in range(MAX_SLOTS):
            slot = _take(path, (server_id, service, _instance(wanted, scope, str(number))), is_claimed=not folder)
            if slot is not None:
                return slot
        raise OSError(f"all {MAX_SLOTS} slots in {path} are taken")
    except OSError as error:
        slot = _without_file((server_id, service), wanted, scope, is_claimed=not folder)
        log.warning(
            "No slot file can be locked for service %s (%s). It sends as instance %s, and a restart cannot tell what "
            "it sent; name a folder of its own in PULSEMON_CLIENT_RUNTIME_FOLDER.",
            service,
            error,
            slot.instance,
        )
        return slot


def _without_file(of: tuple[str, str], wanted: str, scope: str, is_claimed: bool) -> Slot:
    """The lowest number that can be claimed, as in a container whose files are read-only; else that of the process."""
    for number in range(MAX_SLOTS if is_claimed else 0):
        instance = _instance(wanted, scope, str(number))
        try:
            claimed = claim(*of, instance)
        except BlockingIOError:
            continue
        if claimed == NOTHING:
            break
        return Slot(instance, -1, Past(), claimed)
    return Slot(wanted or _instance("", scope, f"pid-{os.getpid()}"), -1, Past())


def _take(folder: str, of: tuple[str, str, str], is_claimed: bool) -> Slot | None:
    """The slot of a server, a service and an instance; None if another process has it."""
    path = f"{folder}/{'.'.join(map(_safe, of))}.slot"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Slot(of[-1], descriptor, _past(descriptor), claim(*of) if is_claimed else NOTHING)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise


def _instance(wanted: str, scope: str, number: str) -> str:
    if wanted:
        return wanted if number == "0" else f"{wanted}.{number}"
    return f"{scope}/{number}" if scope else number


def _past(descriptor: int) -> Past:
    try:
        producer_id, sequence, recorded_at_ms, steps = json.loads(os.pread(descriptor, STATE_BYTES, 0))
        return Past(str(producer_id), int(sequence), int(recorded_at_ms), int(steps))
    except (ValueError, TypeError):
        return Past()  # it is new, or was never written to


def _default_folder() -> str:
    user = os.getuid()
    own = f"{USER_RUNTIME_FOLDERS}/{user}"
    if os.path.isdir(own) and os.access(own, os.W_OK):  # noqa: PTH112 - pathlib takes long to import
        return f"{own}/pulsemon"
    import tempfile

    return f"{tempfile.gettempdir()}/pulsemon-{user}"


def _make(folder: str) -> None:
    """Raises PermissionError if others could put files there."""
    os.makedirs(folder, FOLDER_MODE, exist_ok=True)  # noqa: PTH103 - pathlib takes long to import
    found = os.stat(folder, follow_symlinks=False)  # noqa: PTH116 - pathlib takes long to import
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} is not a folder of this user alone")


def _safe(text: str) -> str:
    """A part of a file's name, another for each text."""
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in text)
    if kept == text and len(kept) <= MAX_NAME_CHARACTERS:
        return kept
    return f"{kept[:MAX_NAME_CHARACTERS]}~{zlib.crc32(text.encode()):08x}"
