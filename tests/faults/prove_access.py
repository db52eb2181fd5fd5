"""Proof: who may come in is what the control log says, whatever was killed in between.

Commands about direct keys are killed at any moment; afterwards `key sync` makes the broker what the log says. Hosts
enrol at three gateways that are killed all the time: a token is used exactly as often as it may be, and a machine that
enrols in three places at once is one server.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pulsemon_deploy.control_log import opened
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.key_logins import KeyLogins, wanted_logins
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas import keys
from pulsemon_schemas.control import SERVER, Fold
from pulsemon_schemas.enrolment import ENROLMENT_TOKEN, fingerprint, read
from support.command_line import invoke, use_kafka
from support.gateways import PARTITIONS, GatewayProcess
from support.kafka import Broker, kafka_environment
from support.logging_state import kept_logging

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

ROUNDS = 60
FOLLOW_SECONDS = 0.15
USES, HOSTS = 100, 240
MACHINES, PLACES = 60, 3
THREADS = 8
ARRIVAL_SECONDS = 1.5
"""Hosts come one after the other, so that kills meet them everywhere."""
MIN_KILLS = 5
PAUSE_SECONDS = 0.1
ALIVE_SECONDS = (0.0, 0.5)


@pytest.fixture(autouse=True)
def administrator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ensure_topics(kafka.settings, PARTITIONS)
    use_kafka(monkeypatch, kafka, "admin")
    with kept_logging():
        yield


def test_a_broker_is_what_the_log_says_after_commands_were_killed_anywhere(kafka: Broker) -> None:
    """Each round kills one command, most of them when the log has its record and the broker may not have followed."""
    chance = random.Random(7)
    found: Counter[str] = Counter()
    for number in range(ROUNDS):
        server_id = f"killed-{uuid.uuid4().hex[:8]}"
        key_id = answer("server", "add", server_id, "--direct")["id"]
        command = (("revoke", key_id), ("rotate", key_id, "--grace", "0"), ("add", server_id, "--direct"))[number % 3]
        found["killed"] += _killed_after_its_record(kafka, chance.uniform(0.0, FOLLOW_SECONDS), "key", *command)
        synced = json.loads(invoke("key", "sync", "--json").stdout)
        found["ended"] += len(synced["ended"])
        found["permissions"] += len(synced["permissions_set_right"])
        found["lost"] += len(synced["lost"])
        drift = _drift(kafka)
        assert not drift.can_be_mended, drift
        for lost in {name.split("_")[1] for name in drift.lost}:
            assert invoke("key", "revoke", lost).exit_code == 0  # as its owner, who never saw it, does
        assert invoke("key", "sync", "--dry-run").exit_code == 0
    print(f"{ROUNDS} commands: {dict(found)}")
    assert found["killed"] > ROUNDS // 3
    assert found["ended"] + found["permissions"] + found["lost"], "kills came between the log and the broker"


def test_a_token_is_used_as_often_as_it_may_be_while_gateways_are_killed(kafka: Broker, tmp_path: Path) -> None:
    token = answer("enrolment", "add", "--uses", str(USES))
    own = uuid.uuid4().hex[:8]
    wishes = [_wish(f"host-{own}-{number}", fingerprint(uuid.uuid4().hex)) for number in range(HOSTS)]
    with dying_gateways(kafka, tmp_path) as ports:
        statuses = _enrol_all(ports, token["token"], wishes, {200, 201, 403})
    with opened(kafka.settings_for("operator"), "pulsemon-operator-proof") as log:
        entity = log.fold.entities(ENROLMENT_TOKEN)[token["id"]]
        made, servers = read(token["id"], entity.body), _servers(log.fold, f"host-{own}-")
        with_key = {key.server_id for key in keys.in_force(log.fold)} & servers
    print(f"{HOSTS} hosts, {USES} uses: {dict(Counter(statuses))}, {len(servers)} servers, {len(with_key)} with a key")
    assert made is not None
    assert made.uses == USES
    assert len(servers) == len(with_key) == USES
    assert statuses.count(403) == HOSTS - USES


def test_a_machine_that_enrols_in_three_places_at_once_is_one_server_while_gateways_are_killed(
    kafka: Broker, tmp_path: Path
) -> None:
    tokens = [answer("enrolment", "add", "--uses", "1000")["token"] for _ in range(PLACES)]
    own = uuid.uuid4().hex[:8]
    with dying_gateways(kafka, tmp_path) as ports:
        outcomes: list[list[int]] = []
        for number in range(MACHINES):
            machine = fingerprint(uuid.uuid4().hex)
            wishes = [_wish(f"one-{own}-{number}-{place}", machine) for place in range(PLACES)]
            with ThreadPoolExecutor(PLACES) as pool:
                asked = [
                    pool.submit(_enrol, ports, tokens[place], wishes[place], {200, 201, 409}) for place in range(PLACES)
                ]
                outcomes.append(sorted(one.result() for one in asked))
            time.sleep(random.uniform(0.0, ARRIVAL_SECONDS / 2))
    with opened(kafka.settings_for("operator"), "pulsemon-operator-proof") as log:
        counts = [len(_servers(log.fold, f"one-{own}-{number}-")) for number in range(MACHINES)]
    print(f"{MACHINES} machines in {PLACES} places: {Counter(map(tuple, outcomes))}")
    assert counts == [1] * MACHINES
    assert all(sum(status < 300 for status in one) == 1 for one in outcomes)


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def _killed_after_its_record(kafka: Broker, seconds: float, *arguments: str) -> bool:
    """Runs a command and kills it so long after the log has its record; whether it was still there to be killed."""
    environment = {**os.environ, **kafka_environment(kafka.settings)}
    with opened(kafka.settings_for("operator"), "pulsemon-operator-proof") as log:
        before = len(log.changes)
        process = subprocess.Popen(
            [sys.executable, "-m", "pulsemon_deploy.cli", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while len(log.changes) == before and process.poll() is None:
            log.catch_up()
        time.sleep(seconds)
    is_alive = process.poll() is None
    process.kill()
    process.wait(20)
    return is_alive


def _drift(kafka: Broker) -> Any:
    with opened(kafka.settings_for("operator"), "pulsemon-operator-proof") as log:
        wanted = wanted_logins(keys.in_force(log.fold), int(time.time() * 1000))
    return KeyLogins(kafka.settings).drift(wanted)


@contextmanager
def dying_gateways(kafka: Broker, folder: Path) -> Iterator[list[int]]:
    """The ports of three, of which one after the other is killed and started again, all the time."""
    gateways = [GatewayProcess(kafka, folder, port) for port in free_ports(3)]
    stop = threading.Event()
    kills = 0

    def kill() -> None:
        nonlocal kills
        chance = random.Random(11)
        while not stop.wait(chance.uniform(*ALIVE_SECONDS)):
            victim = chance.choice(gateways)
            victim.kill()
            kills += 1
            victim.start()
            victim.wait_ready()

    killer = threading.Thread(target=kill)
    try:
        for one in gateways:
            one.start()
        for one in gateways:
            one.wait_ready()
        killer.start()
        yield [one.port for one in gateways]
    finally:
        stop.set()
        killer.join(60)
        for one in gateways:
            one.kill()
    print(f"{kills} kills of gateways")
    assert kills >= MIN_KILLS


def _enrol_all(ports: Sequence[int], token: str, wishes: Sequence[Any], ends: set[int]) -> list[int]:
    def one(wish: Any) -> int:
        time.sleep(random.uniform(0.0, ARRIVAL_SECONDS))
        return _enrol(ports, token, wish, ends)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, wishes))


def _enrol(ports: Sequence[int], token: str, wish: Any, ends: set[int]) -> int:
    """The status in which it ends, asked again and again as a host does, at whichever gateway."""
    body = json.dumps(wish).encode()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        status = _post(random.choice(ports), token, body)
        if status in ends:
            return status
        assert status in {0, 401, 503}, status  # 401: a gateway that has not read the token yet
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("the host got no answer in two minutes")


def _post(port: int, token: str, body: bytes) -> int:
    """The status, 0 if there was no answer."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/api/v1/enrol", body, headers)
        answered = connection.getresponse()
        answered.read()
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    return answered.status


def _wish(server_id: str, machine: str) -> dict[str, Any]:
    seen = keys.shown(keys.new_text(keys.new_id(os.urandom), os.urandom))
    assert seen is not None
    return {"server_id": server_id, "machine": machine, "key": {"id": seen.key_id, "sha256": seen.digest}}


def _servers(fold: Fold, prefix: str) -> set[str]:
    return {one for one in fold.entities(SERVER) if one.startswith(prefix)}
