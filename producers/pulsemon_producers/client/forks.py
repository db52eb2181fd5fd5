"""What a fork does to clients: the child begins anew, and neither loses nor repeats what is its parent's."""

import os
import sys
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulsemon_producers.client.core import Core


class Watch:
    """All clients of this process. One for the whole process: hooks at forks cannot be taken back."""

    def __init__(self) -> None:
        self.cores: weakref.WeakSet[Core] = weakref.WeakSet()
        self._is_registered = False

    def add(self, core: "Core") -> None:
        """Looks after a client from now on."""
        self.cores.add(core)
        if not self._is_registered:
            self._is_registered = True
            # it takes its lock before a fork, and what comes later is asked first: with the lock of logging taken, the
            # thread that loads could not go on, and who forks would wait for it in vain
            import logging  # noqa: F401

            os.register_at_fork(before=self._before, after_in_parent=self._after, after_in_child=self._in_child)

    def _before(self) -> None:
        for core in list(self.cores):
            core.hold_still()

    def _after(self) -> None:
        for core in list(self.cores):
            core.go_on()

    def _in_child(self) -> None:
        for core in list(self.cores):
            core.begin_anew()


WATCH = Watch()


def keep_for_ever(thing: object) -> None:
    """Lets nothing destroy ``thing``, not even the end of the interpreter.

    A forked child has its parent's Kafka producer without the threads that belong to it: destroying it would wait for
    them for ever.
    """
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def is_multiprocessing() -> bool:
    """Whether processes are made by ``multiprocessing``, which ends them without the handlers of ``atexit``."""
    return "multiprocessing.util" in sys.modules
