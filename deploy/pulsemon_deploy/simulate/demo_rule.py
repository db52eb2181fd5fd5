"""The one rule that comes with simulated servers, so that a demonstration shows an alert at once.

In a fleet of fifty there is practically always a disk that is four fifths full (``incidents``: two lanes of filling
disks, half a slot apart), and a server's first batch has its disks in it: without any waiting the alert is there
seconds after the first batches. Its scope is narrower than that of the rule for all disks, so it takes its place for
simulated servers; all other rules that come with Pulse Monitor judge them too, and wait minutes.
"""

import json
from collections.abc import Mapping

from pulsemon_schemas.control import PUT, UNUSED
from pulsemon_schemas.records import ControlRecord

RULE_ID = "demo_disk"
AUTHOR = "demo"
BODY: Mapping[str, object] = {
    "summary": "A simulated disk fills up",
    "metric": "system.filesystem.utilization",
    "scope": {"kind": "labels", "labels": {"simulated": "true"}},
    "operator": ">=",
    "levels": {"warning": {"limit": 0.7, "recovery": 0.65}, "critical": {"limit": 0.8, "recovery": 0.75}},
    "owner": "demo",
}


def demo_rule() -> ControlRecord:
    """The record that puts it in force where it never was: deleted once, it stays deleted."""
    return ControlRecord(
        entity_type="rule",
        entity_id=RULE_ID,
        operation=PUT,
        expected_version=UNUSED,
        change_id=f"register-{RULE_ID}",
        author=AUTHOR,
        on_behalf_of="",
        reason="so that simulated servers have an alert at once",
        body=json.dumps(BODY, sort_keys=True, separators=(",", ":")),
    )
