from typing import Any

import pytest
from pulsemon_schemas.control import MAX_NESTING, Fold, Verdict
from pulsemon_schemas.records import ControlRecord


def change(**changes: Any) -> ControlRecord:
    fields: dict[str, Any] = {
        "entity_type": "server",
        "entity_id": "web-1",
        "operation": "put",
        "expected_version": -1,
        "change_id": "",
        "author": "ada",
        "on_behalf_of": "",
        "reason": "new",
        "body": '{"name": "web"}',
    }
    return ControlRecord(**(fields | changes))


def test_a_version_is_the_offset_that_made_it() -> None:
    fold = Fold()

    assert fold.apply(3, change()) == Verdict(void=False, version=3)
    assert fold.apply(9, change(expected_version=3, body='{"name": "app"}')) == Verdict(void=False, version=9)
    entity = fold.entities("server")["web-1"]
    assert (entity.version, entity.body, entity.author, entity.reason) == (9, {"name": "app"}, "ada", "new")
    assert fold.version("server", "web-1") == 9
    assert fold.version("server", "web-2") == -1
    assert fold.offset == 9


@pytest.mark.parametrize("expected", [-1, 0, 4, 99])
def test_another_expected_version_makes_the_record_void(expected: int) -> None:
    fold = Fold()
    fold.apply(3, change())

    verdict = fold.apply(4, change(expected_version=expected, body='{"name": "app"}'))

    assert verdict == Verdict(void=True, version=3)
    assert not verdict.is_made
    assert fold.entities("server")["web-1"].body == {"name": "web"}


def test_a_retry_gets_the_version_that_its_change_made() -> None:
    fold = Fold()
    fold.apply(0, change(change_id="a"))
    fold.apply(1, change(change_id="b", expected_version=0, body='{"name": "app"}'))

    verdict = fold.apply(2, change(change_id="a"))

    assert verdict == Verdict(void=True, version=0, repeated=True)
    assert verdict.is_made
    assert fold.entities("server")["web-1"].body == {"name": "app"}
    assert fold.version("server", "web-1") == 1


def test_the_retry_of_a_void_change_may_be_made() -> None:
    fold = Fold()
    assert fold.apply(0, change(change_id="a", expected_version=7)).void
    assert not fold.apply(1, change(change_id="a", expected_version=-1)).void


def test_one_change_id_may_change_several_entities() -> None:
    fold = Fold()

    assert not fold.apply(0, change(change_id="a", entity_id="x")).void
    assert not fold.apply(1, change(change_id="a", entity_id="y")).void


@pytest.mark.parametrize("operation", ["delete", "purged"])
def test_an_ended_entity_is_gone_and_its_version_stays(operation: str) -> None:
    fold = Fold()
    fold.apply(0, change())
    fold.apply(1, change(expected_version=0, operation=operation, body=""))

    assert "web-1" not in fold.entities("server")
    assert fold.version("server", "web-1") == 1
    assert fold.apply(2, change()).void, "the id was used"
    assert not fold.apply(3, change(expected_version=1)).void


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": ""},
        {"body": "[]"},
        {"body": "{"},
        {"body": "[" * 100_000},
        {"operation": "archive"},
        {"operation": ""},
        {"entity_id": ""},
        {"entity_type": ""},
        {"entity_type": "rule", "operation": "purged"},
    ],
)
def test_a_record_of_wrong_structure_is_void(wrong: dict[str, str]) -> None:
    fold = Fold()

    assert fold.apply(0, change(**wrong)) == Verdict(void=True, version=-1)


@pytest.mark.parametrize(("levels", "is_void"), [(MAX_NESTING, False), (MAX_NESTING + 1, True), (990, True)])
def test_a_body_that_nests_deeply_is_void_for_every_reader_alike(levels: int, is_void: bool) -> None:
    """Python gives up at some depth of its own, sooner the deeper the reader's own calls are."""
    lists = levels - 1
    record = change(body=f'{{"name": {"[" * lists}{"]" * lists}}}')

    def read(calls: int) -> Verdict:
        return read(calls - 1) if calls else Fold().apply(0, record)

    assert {read(calls).void for calls in (0, 100, 500)} == {is_void}


def test_a_wide_body_is_not_a_deep_one() -> None:
    assert not Fold().apply(0, change(body=f'{{"intervals": [{",".join(["[1, 2]"] * 1000)}]}}')).void


def test_unknown_entity_types_have_versions_too() -> None:
    fold = Fold()
    fold.apply(0, change(entity_type="hologram"))

    assert fold.apply(1, change(entity_type="hologram")).void
    assert fold.entities("server") == {}


def test_records_are_applied_once_and_in_order() -> None:
    fold = Fold()
    fold.apply(5, change())

    with pytest.raises(ValueError, match="offset 5 after 5"):
        fold.apply(5, change())


def test_entities_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        Fold().entities("server")["x"] = None  # type: ignore[index]
