"""The rule and status language: what a rule says, whom it is for, and which of several is in force. No I/O."""

from pulsemon_schemas.rules.alert_command import AlertCommand, parse_command
from pulsemon_schemas.rules.defaults import default_records, default_rules
from pulsemon_schemas.rules.fields import RuleError
from pulsemon_schemas.rules.parse import parse_rule, rule_body
from pulsemon_schemas.rules.quiet import QuietPeriod, parse_quiet
from pulsemon_schemas.rules.resolve import effective, ties
from pulsemon_schemas.rules.rule import LEVELS, Level, Rule, Window
from pulsemon_schemas.rules.scope import Scope, ServerProfile, parse_profile
from pulsemon_schemas.rules.status import STATUSES, status_of

__all__ = [
    "LEVELS",
    "STATUSES",
    "AlertCommand",
    "Level",
    "QuietPeriod",
    "Rule",
    "RuleError",
    "Scope",
    "ServerProfile",
    "Window",
    "default_records",
    "default_rules",
    "effective",
    "parse_command",
    "parse_profile",
    "parse_quiet",
    "parse_rule",
    "rule_body",
    "status_of",
    "ties",
]
