import pytest
from pulsemon_deploy.simulate.settings import ENVIRONMENT_PREFIX, SimulatorSettings
from pulsemon_schemas.runtime.settings import SettingsError, load


def test_defaults_are_those_of_the_demo() -> None:
    assert load(SimulatorSettings, ENVIRONMENT_PREFIX, {}) == SimulatorSettings(50, 1, 10, 0.0, 7)


@pytest.mark.parametrize(
    ("name", "value"), [("SERVERS", "0"), ("INTERVAL_SECONDS", "0"), ("DURATION_SECONDS", "-1"), ("HISTORY_DAYS", "14")]
)
def test_nonsense_is_refused_with_a_sentence(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.lower()):
        load(SimulatorSettings, ENVIRONMENT_PREFIX, {f"{ENVIRONMENT_PREFIX}{name}": value})
