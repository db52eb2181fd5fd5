"""Posts alerts to Slack: python slack_bridge.py CLIENT_CONFIG ALERT_SCHEMA, with the address in SLACK_WEBHOOK."""

import io
import json
import os
import sys
import urllib.request
from pathlib import Path

import fastavro
from confluent_kafka import Consumer

config = dict(line.split("=", 1) for line in Path(sys.argv[1]).read_text().splitlines())
schema = fastavro.parse_schema(json.loads(Path(sys.argv[2]).read_text()))
config |= {"group.id": os.environ.get("GROUP", "pulsemon-bridge-slack"), "isolation.level": "read_committed"}
consumer = Consumer({**config, "enable.auto.commit": False, "auto.offset.reset": "latest"})
consumer.subscribe([os.environ.get("TOPIC", "pulsemon.alerts")])
last: dict[str, int] = {}
while True:
    message = consumer.poll(1.0)
    if message is None or message.error():
        continue
    if (value := message.value()) and value[:5] == b"\x00\x00\x00\x00\x03":  # the id of the schema, then Avro
        alert = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema)
        is_new = alert["transition"] > last.get(alert["alert_id"], -1)
        if is_new and alert["state"] in ("firing", "resolved") and not alert["late"] and not alert["suppressed_by"]:
            text = f"{alert['state']} {alert['level']}: {alert['rule_id']} on {alert['server_id']}, {alert['value']}"
            body = json.dumps({"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")})
            urllib.request.urlopen(os.environ["SLACK_WEBHOOK"], body.encode(), timeout=10).close()
        last[alert["alert_id"]] = max(alert["transition"], last.get(alert["alert_id"], -1))
    consumer.commit(message, asynchronous=False)  # not before: what Slack did not take comes again
