"""What went through an engine."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Since the engine was made; no part of its state. ``failures`` are records that could not be applied.

    ``rule_errors`` are series at which a rule failed, and rules that cannot be read. ``failing_rules`` has what was
    wrong when each began to fail, by the rule's id and version.
    """

    batches: int = 0
    samples: int = 0
    duplicates: int = 0
    late_batches: int = 0
    dead_letters: int = 0
    ticks: int = 0
    failures: int = 0
    rule_errors: int = 0
    failing_rules: dict[tuple[str, int], str] = field(default_factory=dict)

    def rule_failed(self, rule_id: str, version: int, problem: str) -> None:
        """Counts one more."""
        self.rule_errors += 1
        self.failing_rules.setdefault((rule_id, version), problem)
