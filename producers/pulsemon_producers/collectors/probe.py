"""Questions that may never be answered, as the size of a filesystem whose server is gone, asked on threads to spare."""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Probe(Generic[Answer]):
    """Asks ``question(key)``; one that does not return in time keeps its thread, and is not asked again until it does.

    So there are as many threads as questions that hang, and one more. Called from one thread.
    """

    def __init__(self, question: Callable[[str], Answer], patience_seconds: float) -> None:
        self._question = question
        self._patience_seconds = patience_seconds
        self._free: _Line[Answer] | None = None
        self._stuck: dict[str, _Line[Answer]] = {}

    def ask(self, key: str) -> Answer | None:
        """The answer; None if it did not come in time, raised an OSError, or an earlier question still waits."""
        stuck = self._stuck.get(key)
        if stuck is not None:
            if stuck.is_waiting:
                return None
            self._release(self._stuck.pop(key))
        line = self._free or _Line(self._question)
        self._free = None
        try:
            answer = line.ask(key, self._patience_seconds)
        except queue.Empty:
            self._stuck[key] = line
            return None
        self._release(line)
        return answer

    def close(self) -> None:
        """Ends the threads; those that hang end when their question returns."""
        for line in (self._free, *self._stuck.values()):
            if line is not None:
                line.end()

    def _release(self, line: "_Line[Answer]") -> None:
        if self._free is None:
            self._free = line
        else:
            line.end()


class _Line(Generic[Answer]):
    """One thread that answers one question after the other."""

    def __init__(self, question: Callable[[str], Answer]) -> None:
        self._question = question
        self._keys: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        # a thread that hangs in the kernel must not keep the process from ending
        threading.Thread(target=self._run, name="pulsemon-probe", daemon=True).start()

    @property
    def is_waiting(self) -> bool:
        """True until the question that was too slow has been answered; takes that answer away."""
        if self._answers.empty():
            return True
        self._answers.get()
        return False

    def ask(self, key: str, patience_seconds: float) -> Answer | None:
        """The answer, None for an OSError. Raises queue.Empty if it is not there in time."""
        self._keys.put(key)
        return self._answers.get(timeout=patience_seconds)

    def end(self) -> None:
        self._keys.put(None)

    def _run(self) -> None:
        while (key := self._keys.get()) is not None:
            try:
                answer = self._question(key)
            except OSError:
                self._answers.put(None)
            else:
                self._answers.put(answer)
