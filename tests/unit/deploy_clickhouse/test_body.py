import gzip
import io
from collections.abc import Mapping

import lz4.frame
import pytest
from pulsemon_deploy.clickhouse.engine.errors import EngineError
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.web.body import receive


class Connection(io.BytesIO):
    """Bytes that come a few at a time."""

    def readinto1(self, buffer: memoryview, /) -> int:  # type: ignore[override] # narrower than what BytesIO takes
        return self.readinto(buffer[:7])


def _received(data: bytes, headers: Mapping[str, str], limit_bytes: int = 1 << 20) -> bytes:
    with Spool(limit_bytes) as spool:
        receive(Connection(data), headers, spool)
        return spool.read_start(spool.size_bytes)


def test_a_length() -> None:
    assert _received(b"0123456789 next request", {"Content-Length": "10"}) == b"0123456789"
    assert _received(b"", {}) == b""


def test_chunks() -> None:
    data = b"5\r\n01234\r\n0A;x=y\r\n5678901234\r\n0\r\nTrailer: x\r\n\r\nnext request"
    assert _received(data, {"Transfer-Encoding": "chunked"}) == b"012345678901234"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"012", {"Content-Length": "10"}),
        (b"5\r\n01", {"Transfer-Encoding": "chunked"}),
    ],
)
def test_a_client_that_leaves(data: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(EOFError):
        _received(data, headers)


@pytest.mark.parametrize(
    ("data", "headers", "code"),
    [
        (b"x", {"Content-Length": "-1"}, 117),
        (b"x", {"Content-Length": "one"}, 117),
        (b"zz\r\n", {"Transfer-Encoding": "chunked"}, 117),
        (b"", {"Transfer-Encoding": "chunked"}, 117),
        (b"x", {"Transfer-Encoding": "gzip"}, 36),
        (b"x", {"Content-Length": "1", "Content-Encoding": "zstd"}, 36),
        (b"x", {"Content-Length": "1", "Content-Type": "multipart/form-data; boundary=x"}, 48),
        (b"x" * 2000, {"Content-Length": "2000"}, 131),
    ],
)
def test_bodies_that_are_refused(data: bytes, headers: dict[str, str], code: int) -> None:
    with pytest.raises(EngineError) as refused:
        _received(data, headers, limit_bytes=1000)
    assert refused.value.code == code


@pytest.mark.parametrize("size_bytes", [0, 1, 100, 3_000_000])
@pytest.mark.parametrize("encoding", ["gzip", "lz4"])
def test_compression(encoding: str, size_bytes: int) -> None:
    plain = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    packed = {"gzip": gzip.compress, "lz4": lz4.frame.compress}[encoding](plain)
    headers = {"Content-Encoding": encoding, "Content-Length": str(len(packed))}
    assert _received(packed, headers, limit_bytes=1 << 22) == plain
    twice = {"Content-Encoding": encoding, "Content-Length": str(2 * len(packed))}
    assert _received(packed + packed, twice, limit_bytes=1 << 23) == plain + plain
    if size_bytes > 1000:
        with pytest.raises(EngineError) as refused:
            _received(packed, headers, limit_bytes=size_bytes - 1)
        assert refused.value.code == 131


def test_a_spool_takes_the_rest_of_another() -> None:
    with Spool(100) as first, Spool(100) as second:
        first.write(b"head data")
        second.write(b"(")
        second.write_rest_of(first, 5)
        assert second.read_start(100) == b"(data"
