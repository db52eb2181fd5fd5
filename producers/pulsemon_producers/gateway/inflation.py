"""Gzip, unpacked no further than is allowed: a small body must not become a large one in memory."""

import zlib

from pulsemon_producers.gateway.problems import BODY_TOO_LARGE, MALFORMED, MEDIA_TYPE_UNKNOWN, Problem

GZIP_WINDOW = 16 + zlib.MAX_WBITS
PLAIN = ("", "identity")


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body as it was before it was packed. Raises Problem; never holds more than ``max_bytes`` of it."""
    if encoding in PLAIN:
        return body
    if encoding != "gzip":
        raise Problem(MEDIA_TYPE_UNKNOWN, f"Content-Encoding {encoding[:40]!r} is not taken: use gzip, or none.")
    pieces: list[bytes] = []
    left = max_bytes
    try:
        while body:  # several members may follow each other
            member = zlib.decompressobj(GZIP_WINDOW)
            piece = member.decompress(body, left + 1)
            if len(piece) > left:
                raise Problem(BODY_TOO_LARGE, f"Unpacked it has more than {max_bytes} bytes; nothing was written.")
            if not member.eof:
                raise Problem(MALFORMED, "The gzip ends before it is complete; nothing was written.")
            left -= len(piece)
            pieces.append(piece)
            body = member.unused_data
    except zlib.error as error:
        raise Problem(MALFORMED, f"That is no gzip ({error}); nothing was written.") from error
    return b"".join(pieces)
