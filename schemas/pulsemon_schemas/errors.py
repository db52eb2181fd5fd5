"""What can go wrong, by who acts next: operator, sender, time, developer, caller. All are picklable with every fact.

PulsemonError
├── SettingsError   the operator: settings are wrong, nothing was started (exit code 2)
├── ContractError   the sender: a record breaks the contract, it goes to the dead letter
├── TransientError  nobody: trying again later helps
├── PermanentError  the developer or operator: trying again never helps, the role stops
└── AuthError       the caller: wrong or missing credentials (401)
"""

from collections.abc import Iterable


class PulsemonError(Exception):
    """Root of all errors that Pulse Monitor raises on purpose."""


class SettingsError(PulsemonError):
    """Everything wrong with the settings, found in one pass. Nothing was connected or started."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "invalid settings, nothing was started:\n" + "\n".join(f"  - {problem}" for problem in self.problems)


class ContractError(PulsemonError):
    """A record breaks the contract. ``reason`` is a name in ``reasons.REASONS``; the record goes to the dead letter."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason, detail)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


class TransientError(PulsemonError):
    """Something is away or busy: the same call may work after ``retry_after_seconds``; the caller keeps its data."""

    def __init__(self, message: str, retry_after_seconds: float = 1.0) -> None:
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, retry_after_seconds)

    def __str__(self) -> str:
        return self.message


class PermanentError(PulsemonError):
    """Repeating the call can never help: the role stops and says why."""


class AuthError(PulsemonError):
    """Credentials are missing, wrong, expired or revoked."""
