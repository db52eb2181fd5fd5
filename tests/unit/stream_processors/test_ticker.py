import pytest
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.own_metrics import Addressed
from pulsemon_schemas.ticks import CONTROL_TOPIC_ID_LABEL, TICK_KEY, control_offset
from pulsemon_schemas.topics import METRICS
from pulsemon_schemas.validity import check
from pulsemon_stream_processors.ticker import Ticker, TickOrigin

KEY = b"secret"
NOW_MS = 1_780_000_000_000


class Outbox:
    """Keeps what was sent; takes nothing while it is full."""

    def __init__(self) -> None:
        self.sent: list[Addressed] = []
        self.is_full = False

    def send(self, record: Addressed) -> bool:
        if not self.is_full:
            self.sent.append(record)
        return not self.is_full

    def take(self) -> list[int]:
        """The partitions of what was sent since the last call."""
        sent, self.sent = self.sent, []
        return [one.partition for one in sent]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def ticker(outbox: Outbox) -> Ticker:
    return Ticker(TickOrigin(KEY, "metrics-id", "control-id", "producer"), 5.0, outbox.send)


def test_each_partition_gets_a_tick_every_five_seconds(ticker: Ticker, outbox: Outbox) -> None:
    sent = []
    for second in range(11):
        ticker.step([0, 2], 7, float(second), NOW_MS)
        sent.append(outbox.take())
    assert sent == [[0, 2], [], [], [], [], [0, 2], [], [], [], [], [0, 2]]


def test_a_control_log_that_grew_means_a_tick_at_once(ticker: Ticker, outbox: Outbox) -> None:
    ticker.step([0], 7, 0.0, NOW_MS)
    ticker.step([0], 8, 0.1, NOW_MS)
    ticker.step([0], 8, 0.2, NOW_MS)
    assert outbox.take() == [0, 0]


def test_a_new_partition_gets_one_at_once(ticker: Ticker, outbox: Outbox) -> None:
    ticker.step([0], 7, 0.0, NOW_MS)
    ticker.step([0, 1], 7, 0.1, NOW_MS)
    assert outbox.take() == [0, 1]


def test_what_could_not_be_sent_is_tried_again(ticker: Ticker, outbox: Outbox) -> None:
    outbox.is_full = True
    ticker.step([0], 7, 0.0, NOW_MS)
    outbox.is_full = False
    ticker.step([0], 7, 0.1, NOW_MS)
    ticker.step([0], 7, 0.2, NOW_MS)
    assert outbox.take() == [0]


def test_ticks_are_valid_in_their_place_alone(ticker: Ticker, outbox: Outbox) -> None:
    ticker.step([3], 41, 0.0, NOW_MS)
    ticker.step([3], 42, 0.1, NOW_MS)
    records = [LogRecord(METRICS.name, 3, at, NOW_MS, one.key, one.value) for at, one in enumerate(outbox.sent)]
    heads = [check(record, 4, KEY, "metrics-id") for record in records]

    assert [record.key for record in records] == [TICK_KEY, TICK_KEY]
    assert [(head.sequence, control_offset(head)) for head in heads] == [(0, 41), (1, 42)]
    assert f"{CONTROL_TOPIC_ID_LABEL}=control-id" in heads[0].labels[0]
    for other in (records[0]._replace(partition=2), records[0]._replace(value=records[0].value[:-1] + b"0")):
        with pytest.raises(ContractError, match="bad_signature"):
            check(other, 4, KEY, "metrics-id")
    with pytest.raises(ContractError, match="bad_signature"):
        check(records[0], 4, KEY, "another-id")
