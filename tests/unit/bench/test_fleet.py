from pulsemon_deploy.bench.fleet import LABELLED, SERIES, Fleet, series
from pulsemon_schemas.catalogue import headline_names
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.validity import check

AT_MS = 1_750_000_000_000


def test_a_tick_has_80_series_of_which_38_are_labelled_and_some_are_headline() -> None:
    found = series()
    assert len(set(found)) == SERIES
    assert sum(bool(labels) for _, labels in found) == LABELLED
    assert {name for name, _ in found} & set(headline_names())


def test_messages_are_valid_and_sequences_have_no_holes() -> None:
    fleet = Fleet(host_count=3, start_ms=AT_MS)
    heads = []
    for offset, one in enumerate(fleet.messages(9)):
        record = LogRecord("t", partition_for(one.key, 4), offset, AT_MS + 60_000, one.key, one.value)
        heads.append(check(record, 4))
    assert [(head.server_id[-13:-12], head.sequence) for head in heads] == [(str(n % 3), n // 3) for n in range(9)]
