"""The contract kit for collectors of your own."""

from pulsemon_producers.custom.contract.check import CollectorContractError, check_collector

__all__ = ["CollectorContractError", "check_collector"]
