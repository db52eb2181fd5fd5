"""What a gateway knows is what every reader of the control log knows, and each writer hears what his record did."""

from hypothesis import given
from hypothesis import strategies as st
from pulsemon_producers.gateway.control.configuration import Configuration, Outcome
from pulsemon_schemas.control import Fold
from pulsemon_schemas.records import ControlRecord

TYPES, IDS = ("server", "rule"), ("a", "b")
RECORDS = st.builds(
    ControlRecord,
    entity_type=st.sampled_from(TYPES),
    entity_id=st.sampled_from(IDS),
    operation=st.sampled_from(("put", "put", "put", "delete", "purged", "archive")),
    expected_version=st.integers(-1, 8),
    change_id=st.sampled_from(("c1", "c2", "c3", "c4")),
    author=st.sampled_from(("ada", "grace")),
    on_behalf_of=st.just("bob"),
    reason=st.just("why"),
    body=st.sampled_from(('{"n": 1}', '{"n": 2}', "{}", "[]", "")),
)


@given(st.lists(RECORDS, max_size=20))
def test_a_gateway_knows_what_the_fold_knows(log: list[ControlRecord]) -> None:
    fold, configuration = Fold(), Configuration()
    for offset, record in enumerate(log):
        fold.apply(offset, record)
        configuration.append(offset, 1000 + offset, record)
    for entity_type in TYPES:
        known = configuration.entities(entity_type)
        assert known.keys() == fold.entities(entity_type).keys()
        for entity_id, entity in fold.entities(entity_type).items():
            held = known[entity_id]
            assert (held.version, held.body, held.author, held.change_id, held.reason, held.on_behalf_of) == (
                entity.version, entity.body, entity.author, entity.change_id, entity.reason, entity.on_behalf_of,
            )  # fmt: skip
            assert held.at_ms == 1000 + entity.version
        for entity_id in IDS:
            newest = configuration.newest(entity_type, entity_id)
            assert (newest.version if newest else -1) == fold.version(entity_type, entity_id)
            assert (newest is not None and not newest.is_ended) == (entity_id in known)


@given(st.lists(RECORDS, min_size=1, max_size=12), st.booleans(), st.data())
def test_each_writer_hears_once_what_his_record_did(
    log: list[ControlRecord], knows_before: bool, data: st.DataObject
) -> None:
    mine = data.draw(st.integers(0, len(log) - 1))
    fold, configuration = Fold(), Configuration()
    verdicts = [fold.apply(offset, record) for offset, record in enumerate(log)]
    heard: list[Outcome] = []
    watch = configuration.watch(log[mine], heard.append)
    if knows_before:
        watch.written_at(mine)
    for offset, record in enumerate(log):
        configuration.append(offset, 0, record)
    if not knows_before:
        assert heard == []
        watch.written_at(mine)
    configuration.unwatch(log[mine], watch)
    configuration.append(len(log), 0, log[mine])
    assert [one.verdict for one in heard] == [verdicts[mine]]
