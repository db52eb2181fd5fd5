"""What an agent must know of its predecessor: who it was, how far it came, which moments it has used."""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from pulsemon_producers.used_times import NEVER_USED, UsedTimes

log = logging.getLogger(__name__)

FILE_NAME = "producer.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class ProducerState:
    """The last batch that a producer numbered, delivered or not, and the times of all of this host's batches."""

    producer_id: str = ""
    sequence: int = -1
    used: UsedTimes = NEVER_USED


UNKNOWN = ProducerState()


class StateFile:
    """A small file in ``folder``, replaced as a whole and flushed to the disk each time; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._is_failing = False

    def load(self) -> ProducerState | None:
        """The last state saved, ``UNKNOWN`` at a first start; None without a folder, or if the file cannot be read."""
        if self._path is None:
            return None
        try:
            return _parse(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return UNKNOWN
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning(
                "%s cannot be read (%s). The agent goes on and writes it anew; whether the last batches before this "
                "start were lost cannot be proved.",
                self._path,
                error,
            )
            return None

    def save(self, state: ProducerState) -> None:
        """Returns when the state is on the disk. A disk that fails is logged once and does not stop the agent."""
        if self._path is None:
            return
        try:
            _replace(self._path, _text(state))
        except OSError as error:
            if not self._is_failing:
                log.warning(
                    "%s cannot be written (%s). Samples are sent as before; free or mend the disk, else the loss of "
                    "the last batches before a crash cannot be proved.",
                    self._path,
                    error,
                )
            self._is_failing = True
        else:
            self._is_failing = False


def _text(state: ProducerState) -> str:
    return json.dumps(
        {"version": VERSION, "producer_id": state.producer_id, "sequence": state.sequence, "used": state.used.runs}
    )


def _parse(text: str) -> ProducerState:
    item = json.loads(text)
    if item["version"] != VERSION or not isinstance(item["producer_id"], str) or type(item["sequence"]) is not int:
        raise ValueError("it was not written by this version")
    return ProducerState(item["producer_id"], item["sequence"], UsedTimes.of(item["used"]))


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = path.with_name(f".{path.name}.new")
    with staging.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
