"""Several rules in one file, or one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulsemon_schemas.rules import Rule, RuleError, parse_rule

from pulsemon_deploy.rule_edits import read_body

OF_ONE_RULE = frozenset({"kind", "metric", "levels", "scope", "window"})


def read_rules(path: Path) -> dict[str, tuple[Rule, Mapping[str, Any]]]:
    """Rules with their bodies by id. RuleError with everything that is wrong.

    A file is a rule as ``rule set --file`` takes it, whose id is then the file's name without its ending; or an object
    of such rules by id, which may stand under ``rules``.
    """
    body = read_body(path)
    bodies = {path.stem: body} if OF_ONE_RULE & body.keys() else body.get("rules", body)
    problems: list[str] = []
    found: dict[str, tuple[Rule, Mapping[str, Any]]] = {}
    if not isinstance(bodies, dict) or not bodies:
        raise RuleError(f"file {path}", ["holds no rule"])
    for rule_id, one in bodies.items():
        try:
            if not isinstance(one, dict):
                raise RuleError(f"rule {rule_id!r}", ["is no object"])
            found[rule_id] = parse_rule(rule_id, one), one
        except RuleError as error:
            problems += [f"{error.entity}: {problem}" for problem in error.problems]
    if problems:
        raise RuleError(f"file {path}", problems)
    return found
