"""What tests of programs that use Pulse Monitor need: no thread, no network, no Kafka."""

from pulsemon.testing.alerts import example_alert, example_alert_record

__all__ = ["example_alert", "example_alert_record"]
