"""Proof: two gateways, clients that collide, kills in between.

Who was told yes is in the log and in force, who was told no changed nothing, and all who read the log agree.
"""

import random
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest
from pulsemon_deploy.control_log import opened
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas.control import SERVER, UNUSED
from support.control_api import ask, new_token
from support.control_edits import CONFLICT, MADE, Countdown, Edit, Editor, control_log
from support.gateways import PARTITIONS, Gateway, GatewayProcess
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
EDITS = 5000
CLIENTS = 16
ENTITIES = 8
KILLS = 30


def test_every_yes_is_in_force_and_every_no_changed_nothing(kafka: Broker, tmp_path: Path) -> None:
    ensure_topics(kafka.settings, PARTITIONS)
    gateways = [GatewayProcess(kafka, tmp_path, port) for port in free_ports(2)]
    began = time.monotonic()
    try:
        for one in gateways:
            one.start()
        for one in gateways:
            one.wait_ready()
        asked = [Gateway(one.port, kafka) for one in gateways]
        token, _ = new_token(asked[0], name="editors")
        ids = [f"collide-{uuid.uuid4().hex[:8]}" for _ in range(ENTITIES)]
        left = Countdown(EDITS)
        editors = [Editor([one.port for one in gateways], token, ids, left, number) for number in range(CLIENTS)]
        threads = [threading.Thread(target=one.run, daemon=True) for one in editors]
        for thread in threads:
            thread.start()
        kills = _kill_and_start(gateways, left)
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        seconds = time.monotonic() - began
        edits = [edit for one in editors for edit in one.edits]
        assert [one.strange for one in editors if one.strange] == []
        assert len(edits) == EDITS
        _check(kafka, edits)
        _check_readers(kafka, asked, token, ids)
    finally:
        for one in gateways:
            one.kill()
    answered = Counter("made" if one.status in MADE else "conflict" for one in edits)
    repeated = sum(one.tries > 1 for one in edits)
    print(f"{EDITS} edits by {CLIENTS} clients of {ENTITIES} servers in {seconds:.1f} s with {kills} kill -9:")
    print(dict(answered))
    print(f"{repeated} edits were sent more than once; every yes is in force at its offset, every no made nothing")


def _kill_and_start(gateways: list[GatewayProcess], left: Countdown) -> int:
    """Kills one gateway or the other each time that so many edits were begun; how often."""
    chance = random.Random(1)
    for number in range(1, KILLS + 1):
        goal = EDITS - EDITS * number // (KILLS + 1)
        wait_until(lambda goal=goal: left.left <= goal, 120.0, "edits")  # type: ignore[misc] # the goal of this turn
        victim = chance.choice(gateways)
        victim.kill()
        time.sleep(chance.random() / 2)
        victim.start()
        victim.wait_ready()
    return KILLS


def _check(kafka: Broker, edits: list[Edit]) -> None:
    fold, log = control_log(kafka)
    made = {(one.record.entity_id, one.record.change_id): offset for offset, one in log.items() if not one.verdict.void}
    versions = Counter(edit.version for edit in edits if edit.status in MADE)
    for edit in edits:
        if edit.status in MADE:
            written = log[edit.version]
            assert not written.verdict.void, edit
            assert (written.record.entity_id, written.record.change_id) == (edit.entity_id, edit.change_id)
            assert f'"{edit.marker}"' in written.record.body
            assert versions[edit.version] == 1, "a version has one author"
        else:
            assert edit.status == CONFLICT
            assert fold.made_by(SERVER, edit.entity_id, edit.change_id) == UNUSED, edit
            assert (edit.entity_id, edit.change_id) not in made
    told = {(edit.entity_id, edit.change_id) for edit in edits if edit.status in MADE}
    assert {key for key in made if key[0].startswith("collide-") and key[0] in {one.entity_id for one in edits}} == told
    assert any(one.verdict.repeated for one in log.values()), "some changes were written twice, and made once"
    voids = sum(one.verdict.void and not one.verdict.repeated for one in log.values())
    repeats = sum(one.verdict.repeated for one in log.values())
    print(f"the log has {len(log)} records: {voids} void, {repeats} repeated by a second try")


def _check_readers(kafka: Broker, gateways: list[Gateway], token: str, ids: list[str]) -> None:
    """The command line, both gateways and a fold from the beginning say the same."""
    fold, _ = control_log(kafka)
    with opened(kafka.settings_for("operator"), "pulsemon-operator-control") as log:
        assert dict(log.fold.entities(SERVER)) == dict(fold.entities(SERVER))
    for server_id in ids:
        entity = fold.entities(SERVER)[server_id]
        for gateway in gateways:
            shown = ask(gateway, "GET", f"/servers/{server_id}", token).json
            assert (shown["version"], shown["body"], shown["author"]) == (entity.version, entity.body, entity.author)
