import pytest
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import load
from pulsemon_stream_processors.settings import ENVIRONMENT_PREFIX, ProcessorSettings

KEY = {"PULSEMON_PROCESSOR_TICK_KEY": "secret"}


def test_only_the_key_is_needed() -> None:
    settings = load(ProcessorSettings, ENVIRONMENT_PREFIX, KEY)
    assert settings.application == "pulsemon-processor"
    assert (settings.tick_seconds, settings.round_seconds, settings.take_records) == (5.0, 300.0, 500)
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("TICK_KEY", "", "tick_key"),
        ("APPLICATION", "", "application"),
        ("SERVER_ID", "_tick", "no _ first"),
        ("SESSION_SECONDS", "1", "session_seconds"),
        ("ROUND_SECONDS", "0", "round_seconds"),
        ("TICK_SECONDS", "-1", "tick_seconds"),
        ("TICK_SECOND", "1", "did you mean PULSEMON_PROCESSOR_TICK_SECONDS"),
    ],
)
def test_what_is_wrong_is_told(name: str, value: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        load(ProcessorSettings, ENVIRONMENT_PREFIX, {**KEY, f"PULSEMON_PROCESSOR_{name}": value})
