import pickle

import pytest
from pulsemon_schemas.errors import (
    AuthError,
    ContractError,
    PermanentError,
    PulsemonError,
    SettingsError,
    TransientError,
)


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (SettingsError(["a is wrong", "b is missing"]), {"problems": ("a is wrong", "b is missing")}),
        (ContractError("unsorted", "b before a"), {"reason": "unsorted", "detail": "b before a"}),
        (TransientError("broker away", 2.5), {"message": "broker away", "retry_after_seconds": 2.5}),
        (PermanentError("no"), {"args": ("no",)}),
        (AuthError("key revoked"), {"args": ("key revoked",)}),
    ],
)
def test_every_error_survives_pickling_with_its_facts(error: PulsemonError, fields: dict[str, object]) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {name: getattr(again, name) for name in fields} == fields


def test_settings_error_lists_every_problem_and_says_what_was_kept() -> None:
    text = str(SettingsError(("A=x: use a number", "B is required")))

    assert text == "invalid settings, nothing was started:\n  - A=x: use a number\n  - B is required"


def test_contract_error_reads_as_reason_and_detail() -> None:
    assert str(ContractError("truncated", "9 bytes")) == "truncated: 9 bytes"
    assert str(ContractError("truncated")) == "truncated"
