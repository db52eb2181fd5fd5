import ssl
from datetime import UTC, datetime

import pytest
from pulsemon_producers.custom.net.certificate import not_after_seconds
from support.small_servers import CERTIFICATES


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("localhost", datetime(2123, 12, 31, 23, 59, 59, tzinfo=UTC)),  # GeneralizedTime
        ("expired", datetime(2024, 1, 2, tzinfo=UTC)),  # UTCTime
    ],
)
def test_the_end_of_a_certificate_is_found(name: str, end: datetime) -> None:
    der = ssl.PEM_cert_to_DER_cert((CERTIFICATES / f"{name}.pem").read_text())

    assert not_after_seconds(der) == end.timestamp()


def test_what_is_no_certificate_is_a_value_error_wherever_it_is_cut_off() -> None:
    der = ssl.PEM_cert_to_DER_cert((CERTIFICATES / "localhost.pem").read_text())

    for data in (b"", b"\x30", b"\x02\x01\x00", *(der[:length] for length in range(len(der) - 1))):
        with pytest.raises(ValueError, match="certificate"):
            not_after_seconds(data)
