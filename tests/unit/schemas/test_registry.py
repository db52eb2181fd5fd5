import pytest
from pulsemon_schemas import registry
from pulsemon_schemas.errors import ContractError


def test_ids_are_fixed() -> None:
    assert registry.SCHEMA_IDS == {
        "metric_batch.v1": 1,
        "control_record.v1": 2,
        "alert_event.v1": 3,
        "server_state.v1": 4,
        "event.v1": 5,
    }


def test_a_schema_is_found_by_its_id() -> None:
    assert registry.schema(1)["name"] == "MetricBatch"
    assert registry.subject(1) == "metric_batch.v1"
    assert registry.record_name(4) == "server_state"


def test_versions_are_listed_oldest_first() -> None:
    assert registry.versions("control_record") == (2,)
    assert registry.newest("control_record") == 2
    with pytest.raises(KeyError):
        registry.versions("nothing")


def test_an_id_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ContractError) as caught:
        registry.schema(99)
    assert caught.value.reason == "unknown_schema"
