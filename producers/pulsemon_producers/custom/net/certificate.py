"""Until when a certificate is valid: just enough of DER to find it, also where the certificate is not trusted."""

from datetime import UTC, datetime

SEQUENCE = 0x30
VERSION = 0xA0
UTC_TIME = 0x17
FORMATS = {UTC_TIME: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
LONG_LENGTH = 0x80
FIELDS_BEFORE_VALIDITY = 3
PIVOT_YEAR = 2050


def not_after_seconds(der: bytes) -> float:
    """The end of its validity, as seconds since 1970. Raises ValueError for what is no certificate (RFC 5280, 4.1)."""
    try:
        return _not_after(der).timestamp()
    except IndexError:
        raise ValueError("the certificate cannot be read") from None


def _not_after(der: bytes) -> datetime:
    _, certificate, _ = _element(der, SEQUENCE)
    _, content, _ = _element(certificate, SEQUENCE)
    if content[0] == VERSION:
        _, _, content = _element(content)
    for _ in range(FIELDS_BEFORE_VALIDITY):  # serial number, signature algorithm, issuer
        _, _, content = _element(content)
    _, validity, _ = _element(content, SEQUENCE)
    _, _, after = _element(validity)
    tag, text, _ = _element(after)
    if tag not in FORMATS:
        raise ValueError("the certificate has no end")
    found = datetime.strptime(text.decode("ascii"), FORMATS[tag]).replace(tzinfo=UTC)
    # two digits stand for 1950 to 2049, where Python would begin in 1969
    return found.replace(year=found.year - 100) if tag == UTC_TIME and found.year >= PIVOT_YEAR else found


def _element(data: bytes, wanted: int | None = None) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows."""
    tag, length, start = data[0], data[1], 2
    if wanted is not None and tag != wanted:
        raise ValueError("the certificate cannot be read")
    if length >= LONG_LENGTH:
        start += length - LONG_LENGTH
        length = int.from_bytes(data[2:start], "big")
    content = data[start : start + length]
    if len(content) < length:
        raise ValueError("the certificate is cut off")
    return tag, content, data[start + length :]
