"""What roles print: cut into lines, and judged by the level that they bear."""

import logging

LINE_BYTES = 16_384
_LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "CRITICAL": logging.CRITICAL,
}
# Time, level, logger, message: the level is one of the first words, or it is no log line.
_LEADING_WORDS = 4


class Lines:
    """Bytes in any pieces to whole lines; a line longer than ``LINE_BYTES`` is cut into several."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are whole now, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip() for line in lines]

    def end(self) -> list[str]:
        """What was left without an end of line."""
        return self.feed(b"\n") if self._rest else []


def says_why(line: str) -> bool:
    """Whether a line can be the reason of an end: the places and continuations of a stack trace are indented."""
    return bool(line) and not line[0].isspace() and not line.startswith("... ")


def level_and_message(line: str) -> tuple[int, str]:
    """The level of a log line and its text from the word after the level on; (NOTSET, the line) for any other line."""
    words = line.split(None, _LEADING_WORDS)
    for place, word in enumerate(words[:_LEADING_WORDS]):
        level = _LEVELS.get(word.strip("[]:"))
        if level is not None:
            return level, line.split(None, place + 1)[-1] if len(words) > place + 1 else ""
    return logging.NOTSET, line
