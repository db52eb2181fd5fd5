"""``server.properties`` of the one local node: broker and controller in one process, nobody let in unnamed."""

from pathlib import Path

from pulsemon_deploy.kafka.scram import MECHANISM
from pulsemon_deploy.kafka.secret import password

# The node's own login: between its broker and controller, and to itself (transaction markers go over the wire).
BROKER_USER = "broker"
ADMIN_USER = "admin"
HOST = "127.0.0.1"
NODE_ID = 1

_SIZES = {
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "2",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "num.replica.alter.log.dirs.threads": "1",
    "num.recovery.threads.per.data.dir": "2",
    "background.threads": "2",
    "log.cleaner.threads": "1",
    # The default of 128 MB does not fit a heap of 128 MB: the broker would end at its start.
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.index.size.max.bytes": "1048576",
    "log.segment.bytes": "67108864",
    "log.retention.check.interval.ms": "30000",
}
_TIMES = {
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 the old registration has to end first: 10 s with the defaults, about 2 s with these.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
}


def server_properties(data_folder: Path, port: int, controller_port: int, secret: bytes) -> str:
    """The whole file. It holds the node's own password: write it for its owner's eyes alone."""
    lines = _node(data_folder, port, controller_port) | _security(secret) | _SIZES | _TIMES
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _node(data_folder: Path, port: int, controller_port: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{controller_port}",
        "listeners": f"CLIENTS://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"CLIENTS://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "CLIENTS",
        "log.dirs": str(data_folder).replace("\\", "\\\\"),
    }


def _security(secret: bytes) -> dict[str, str]:
    """SCRAM for clients; PLAIN for the controller, which must answer before any SCRAM record can be read."""
    own = password(secret, BROKER_USER)
    login = f'required username="{BROKER_USER}" password="{own}"'
    module = "org.apache.kafka.common.security"
    return {
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": f"{module}.scram.ScramLoginModule {login};",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule {login} user_{BROKER_USER}="{own}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{ADMIN_USER};User:{BROKER_USER}",
    }
