"""Compressed bodies, decoded piece by piece; the spool's limit holds for what comes out."""

import zlib
from typing import Protocol

from pulsemon_deploy.clickhouse.engine.errors import BAD_ARGUMENTS, CANNOT_DECOMPRESS, EngineError
from pulsemon_deploy.clickhouse.engine.spool import Spool

PIECE_BYTES = 1 << 20
ANY_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32


class Decoder(Protocol):
    """Takes a body's parts in order."""

    def feed(self, part: memoryview) -> None:
        """Decodes a part into the spool. EngineError 271 if it is damaged, 131 beyond the spool's limit."""
        ...

    def finish(self) -> None:
        """EngineError 271 if the body was cut off."""
        ...


def decoder(encoding: str, spool: Spool) -> Decoder:
    """The decoder for a Content-Encoding. EngineError 36 for one that is not known."""
    match encoding.lower():
        case "" | "identity":
            return _Plain(spool)
        case "gzip" | "deflate":
            return _Zlib(spool)
        case "lz4":
            return _Lz4(spool)
    raise EngineError(
        BAD_ARGUMENTS, f"Content-Encoding {encoding!r} is not supported: send lz4, gzip, deflate or nothing"
    )


class _Plain:
    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def feed(self, part: memoryview) -> None:
        self._spool.write(part)

    def finish(self) -> None:
        pass


class _Zlib:
    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._stream = zlib.decompressobj(ANY_ZLIB_OR_GZIP)

    def feed(self, part: memoryview) -> None:
        data: bytes | memoryview = part
        while data:
            if self._stream.eof:  # a body may be several streams in a row
                self._stream = zlib.decompressobj(ANY_ZLIB_OR_GZIP)
            try:
                self._spool.write(self._stream.decompress(data, PIECE_BYTES))
            except zlib.error as error:
                raise _damaged(error) from error
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def finish(self) -> None:
        if not self._stream.eof:
            raise _damaged("it was cut off")


class _Lz4:
    def __init__(self, spool: Spool) -> None:
        from lz4.frame import LZ4FrameDecompressor

        self._new = LZ4FrameDecompressor
        self._spool = spool
        self._frame = self._new()

    def feed(self, part: memoryview) -> None:
        data = bytes(part)
        while True:
            if self._frame.eof:  # clients send a frame per block: reading one would store the first rows alone
                if not data:
                    return
                self._frame = self._new()
            try:
                self._spool.write(self._frame.decompress(data, PIECE_BYTES))
            except RuntimeError as error:
                raise _damaged(error) from error
            data = (self._frame.unused_data or b"") if self._frame.eof else b""
            if not data and (self._frame.eof or self._frame.needs_input):
                return

    def finish(self) -> None:
        if not self._frame.eof:
            raise _damaged("it was cut off")


def _damaged(cause: object) -> EngineError:
    return EngineError(CANNOT_DECOMPRESS, f"the body cannot be decompressed ({cause}); nothing was stored")
