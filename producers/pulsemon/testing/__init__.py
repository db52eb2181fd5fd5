"""What tests of programs that use Pulse Monitor need: no network, no Kafka."""

from pulsemon.testing.alerts import example_alert, example_alert_record
from pulsemon.testing.collectors import CollectorContractError, check_collector
from pulsemon.testing.memory import MemoryClient, SentEvent

__all__ = [
    "CollectorContractError",
    "MemoryClient",
    "SentEvent",
    "check_collector",
    "example_alert",
    "example_alert_record",
]
