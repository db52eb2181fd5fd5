"""What the engine and its front answer when they refuse, with the numbers that ClickHouse gives them."""

import re

from pulsemon_schemas.errors import PermanentError, PulsemonError

NO_SUCH_COLUMN = 16
BAD_ARGUMENTS = 36
NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
UNKNOWN_PACKET = 99
UNEXPECTED_PACKET = 101
UNKNOWN_SETTING = 115
INCORRECT_DATA = 117
TOO_LARGE_STRING = 131
READONLY = 164
NO_FREE_CONNECTION = 203
CANNOT_DECOMPRESS = 271
CANCELLED = 394
SETTING_REFUSED = 452
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
UNKNOWN_EXCEPTION = 1002

_CODE = re.compile(r"Code: (\d+)\. (?:DB::Exception: )?", re.DOTALL)
_VERSION = re.compile(r"\s*\(version [^()]*\)")


class EngineError(PulsemonError):
    """A statement failed: ``code`` is ClickHouse's number, ``text`` its message."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return self.text


class ProtocolError(EngineError):
    """A client broke the protocol, or used a part of it that is not spoken here: nothing after it can be understood."""


class FolderError(PermanentError):
    """The folder of data cannot be opened; nothing in it was changed."""


def engine_error(error: Exception) -> EngineError:
    """The error of a failed call into the engine; its message may hold bytes that are no UTF-8."""
    text = error.object.decode("utf-8", "replace") if isinstance(error, UnicodeDecodeError) else str(error)
    found = _CODE.search(text)
    if not found:
        return EngineError(UNKNOWN_EXCEPTION, text)
    rest = text[found.end() :]
    while nested := _CODE.match(rest):
        rest = rest[nested.end() :]
    return EngineError(int(found[1]), _VERSION.sub("", rest).strip())
