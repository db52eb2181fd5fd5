"""What the kernel knows about its own clock: adjtimex(2), asked and not changed."""

import functools
from dataclasses import dataclass
from typing import Any

STA_UNSYNC = 0x0040
STA_NANO = 0x2000
MICRO = 1e-6
NANO = 1e-9

TIMEX_BYTES = 208
"""The size of ``struct timex`` on 64-bit Linux; 32-bit ones are smaller."""


@dataclass(frozen=True, slots=True)
class KernelClock:
    """How far the clock is from the time of its source, and how far it may be at most."""

    offset_seconds: float
    max_error_seconds: float
    is_synchronized: bool


def read_kernel_clock() -> KernelClock | None:
    """None where there is no such call, or it is forbidden, as in some containers."""
    # here, because it costs memory that a library in a service should not take
    try:
        import ctypes
    except (ImportError, MemoryError):  # a hardened system may let no library make code at run time
        return None

    class Timex(ctypes.Structure):
        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_char * TIMEX_BYTES),
        )

    call = _adjtimex()
    timex = Timex()
    if call is None or call(ctypes.byref(timex)) < 0:
        return None
    return KernelClock(
        offset_seconds=timex.offset * (NANO if timex.status & STA_NANO else MICRO),
        max_error_seconds=timex.maxerror * MICRO,
        is_synchronized=not timex.status & STA_UNSYNC,
    )


@functools.cache
def _adjtimex() -> Any:
    import ctypes

    return getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
