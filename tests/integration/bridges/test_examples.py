"""The bridges of the documents, as they stand there, against a real broker."""

import json
import re
import signal
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from pulsemon_deploy.kafka import client_config_text
from support.alerts import transition
from support.bridges import ROLE, Alarm, running
from support.inhibition import put_state, silence, silent_fleet
from support.kafka import kafka_environment
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

SLOW_SECONDS = 30
ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
SCHEMA = ROOT / "schemas" / "pulsemon_schemas" / "avro" / "alert_event.v1.avsc"


class Webhook(ThreadingHTTPServer):
    """Takes messages as a chat does; ``hold`` keeps it from answering."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.texts: list[str] = []
        self.answers = Event()
        self.answers.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Taker(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.texts.append(body["text"])
        self.server.answers.wait(20)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing: the test looks at the texts."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.answers.set()
        server.shutdown()


@pytest.fixture
def known(alarm: Alarm) -> Alarm:
    """A group with a place, as one has that ran before: a new one would begin behind what the test sends."""
    alarm.place_at_start()
    return alarm


@pytest.mark.parametrize("name", ["print_alerts.py", "library_slack_bridge.py", "slack_bridge.py", "faust_bridge.py"])
def test_the_page_shows_the_programs_that_are_tested(name: str) -> None:
    shown = re.findall(r"^```python\n(.+?)^```$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE | re.DOTALL)
    assert (EXAMPLES / name).read_text() in shown


def test_ten_lines_with_the_library_print_what_is_wrong(known: Alarm) -> None:
    known.tell(transition(suppressed_by=()), transition(number=1, state="resolved", suppressed_by=()))
    text = (EXAMPLES / "print_alerts.py").read_text()
    ours = text.replace('group="pulsemon-bridge-print"', f'group="{known.group}", topic="{known.topic}"')
    with running(ours, known.environment()) as bridge:
        assert bridge.wait_for(2) == [
            "firing critical: fs_space on web-1, 0.97 against 0.95",
            "resolved critical: fs_space on web-1, 0.97 against 0.95",
        ]


def test_a_bridge_with_the_library_posts_one_alert_for_a_silent_environment(alarm: Alarm, webhook: Webhook) -> None:
    fleet = silent_fleet(alarm)
    firing = fleet.alerts()[-1]
    alarm.room.control(*fleet.control)
    put_state(alarm, fleet)
    alarm.tell(firing, silence("web-1", 0, firing.occurred_at_ms), transition(suppressed_by=()))
    topics = {"topic": "alerts", "control_topic": "control", "state_topic": "alert-state"}
    own = ", ".join(f"{name}={alarm.room.topic(topic)!r}" for name, topic in topics.items())
    text = (EXAMPLES / "library_slack_bridge.py").read_text()
    ours = text.replace("inhibit=True", f'inhibit=True, start="earliest", {own}')
    environment = alarm.environment() | kafka_environment(alarm.broker.settings_for("notifier"))
    with running(ours, environment | {"SLACK_WEBHOOK": webhook.address}):
        wait_until(lambda: len(webhook.texts) == 2, SLOW_SECONDS, "two alerts")

    assert sorted(webhook.texts) == [
        "firing critical: fleet_silent on _env:production",
        "firing critical: fs_space on web-1",
    ]


def test_a_bridge_without_our_library_posts_again_what_it_was_killed_over(
    known: Alarm, webhook: Webhook, tmp_path: Path
) -> None:
    config = tmp_path / "client.conf"
    config.write_text(client_config_text(known.broker.settings_for(ROLE)) + "session.timeout.ms=6000\n")
    environment = known.environment() | {"SLACK_WEBHOOK": webhook.address}
    start = (EXAMPLES / "slack_bridge.py", environment, str(config), str(SCHEMA))
    known.put(b"web-1", b"no alert")
    known.tell(transition(rule_id="<!channel>", suppressed_by=()), transition(number=1))
    with running(*start) as bridge:
        wait_until(lambda: len(webhook.texts) == 1 and known.lag() == 0, SLOW_SECONDS, "the first alert, and its place")
        webhook.answers.clear()
        known.tell(transition(number=2, state="resolved", suppressed_by=()))
        wait_until(lambda: len(webhook.texts) == 2, SLOW_SECONDS, "the second alert")
        bridge.signal(signal.SIGKILL)
    webhook.answers.set()
    with running(*start):
        wait_until(
            lambda: len(webhook.texts) == 3 and known.lag() == 0, SLOW_SECONDS, "the second alert again, and its place"
        )

    assert webhook.texts == [
        "firing critical: &lt;!channel&gt; on web-1, 0.97",
        "resolved critical: fs_space on web-1, 0.97",
        "resolved critical: fs_space on web-1, 0.97",
    ]


def test_a_bridge_with_faust_prints_what_is_wrong(known: Alarm, tmp_path: Path) -> None:
    known.put(b"web-1", b"no alert")
    known.tell(transition(suppressed_by=()), transition(suppressed_by=()), transition(number=1, suppressed_by=()))
    faust = Path(sys.executable).with_name("faust")
    environment = known.environment() | {"PYTHONPATH": str(EXAMPLES)}
    with running(faust, environment, "-A", "faust_bridge", "worker", "-l", "warn", folder=tmp_path) as bridge:
        wait_until(lambda: sum("on web-1" in line for line in bridge.lines) == 2, SLOW_SECONDS, "two alerts")
        assert sum("passed over" in line for line in bridge.lines) == 1
        wait_until(lambda: known.lag() == 0, SLOW_SECONDS, "the place behind all alerts")
        bridge.signal(signal.SIGTERM)
