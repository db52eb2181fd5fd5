"""The fold of the control log: what all its readers and writers rely on, whatever the log holds."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulsemon_schemas.control import Entity, Fold, Verdict
from pulsemon_schemas.records import ControlRecord

TYPES = ("server", "rule", "hologram")
IDS = ("a", "b")

RECORDS = st.builds(
    ControlRecord,
    entity_type=st.sampled_from(TYPES),
    entity_id=st.sampled_from(IDS),
    operation=st.sampled_from(("put", "put", "put", "delete", "purged", "archive")),
    expected_version=st.integers(-1, 12),
    change_id=st.sampled_from(("", "c1", "c2", "c3", "c4")),
    author=st.sampled_from(("ada", "grace")),
    on_behalf_of=st.just(""),
    reason=st.just(""),
    body=st.sampled_from(('{"n": 1}', '{"n": 2}', "{}", "[]", "")),
)
# Offsets have gaps, so that nothing can rely on counting records.
LOGS = st.lists(st.tuples(st.integers(1, 3), RECORDS), max_size=30).map(
    lambda steps: [(sum(step for step, _ in steps[: index + 1]) - 1, record) for index, (_, record) in enumerate(steps)]
)
Log = list[tuple[int, ControlRecord]]


def folded(log: Log) -> tuple[Fold, list[Verdict]]:
    fold = Fold()
    return fold, [fold.apply(offset, record) for offset, record in log]


def configuration(fold: Fold) -> dict[str, Any]:
    """All that a reader can see but how far the log was read."""
    return {
        entity_type: (
            {entity_id: fold.version(entity_type, entity_id) for entity_id in IDS},
            dict(fold.entities(entity_type)),
        )
        for entity_type in TYPES
    }


def put(expected_version: int, change_id: str, author: str = "ada") -> ControlRecord:
    return ControlRecord(
        "server", "a", "put", expected_version, change_id, author, "", "", json.dumps({"by": change_id})
    )


@given(LOGS)
def test_of_writers_who_expect_the_same_version_exactly_one_wins(log: Log) -> None:
    fold, _ = folded(log)
    seen = fold.version("server", "a")
    first, second = put(seen, "mine"), put(seen, "yours", "grace")

    verdicts = [fold.apply(fold.offset + 1, first), fold.apply(fold.offset + 2, second)]

    assert [verdict.is_made for verdict in verdicts] == [True, False]
    assert verdicts[1].version == verdicts[0].version == fold.version("server", "a")
    assert fold.entities("server")["a"].body == {"by": "mine"}


@given(LOGS)
def test_void_records_change_nothing(log: Log) -> None:
    _, verdicts = folded(log)
    valid = [entry for entry, verdict in zip(log, verdicts, strict=True) if not verdict.void]

    assert configuration(folded(valid)[0]) == configuration(folded(log)[0])
    assert not any(verdict.void for verdict in folded(valid)[1])


@given(LOGS)
def test_a_retry_of_a_made_change_gets_its_version_and_changes_nothing(log: Log) -> None:
    fold, verdicts = folded(log)
    before = configuration(fold)

    for (offset, record), verdict in zip(log, verdicts, strict=True):
        if not verdict.void and record.change_id:
            again = fold.apply(fold.offset + 1, record)
            assert again == Verdict(void=True, version=offset, repeated=True)
    assert configuration(fold) == before


@given(LOGS)
def test_a_replay_at_the_same_offsets_gives_the_same(log: Log) -> None:
    once, again = folded(log), folded(log)

    assert once[1] == again[1]
    assert configuration(once[0]) == configuration(again[0])


@given(LOGS, st.data())
def test_the_configuration_of_a_moment_is_a_prefix_of_the_log(log: Log, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    fold, _ = folded(log[:cut])
    rest = [fold.apply(offset, record) for offset, record in log[cut:]]

    assert rest == folded(log)[1][cut:]
    assert configuration(fold) == configuration(folded(log)[0])


@given(LOGS)
def test_a_version_is_the_offset_of_the_last_valid_record(log: Log) -> None:
    fold, verdicts = folded(log)
    expected = dict.fromkeys(((entity_type, entity_id) for entity_type in TYPES for entity_id in IDS), -1)
    for (offset, record), verdict in zip(log, verdicts, strict=True):
        if not verdict.void:
            assert record.expected_version == expected[record.entity_type, record.entity_id]
            expected[record.entity_type, record.entity_id] = offset

    assert {key: fold.version(*key) for key in expected} == expected


@given(LOGS)
def test_what_happens_to_one_entity_does_not_touch_another(log: Log) -> None:
    alone = [(offset, record) for offset, record in log if (record.entity_type, record.entity_id) == ("server", "a")]

    assert only_a(folded(alone)[0]) == only_a(folded(log)[0])


def only_a(fold: Fold) -> tuple[int, Entity | None]:
    return fold.version("server", "a"), fold.entities("server").get("a")


@given(LOGS)
def test_a_purge_drops_what_was_known_of_the_server(log: Log) -> None:
    fold, _ = folded(log)
    purge = replace(put(fold.version("server", "a"), "purge"), operation="purged", body="")

    assert not fold.apply(fold.offset + 1, purge).void
    assert "a" not in fold.entities("server")
    assert fold.version("server", "a") == fold.purges["a"] == fold.offset
