"""The names that people gave their containers, from what the engines keep on disk; the agent asks no engine."""

import json
import re

from pulsemon_producers.collectors.container_paths import Container
from pulsemon_producers.collectors.host import Host

DOCKER = "var/lib/docker/containers/{}/config.v2.json"
PODMAN = "var/lib/containers/storage/overlay-containers/containers.json"
KUBERNETES = "var/log/containers"
KUBERNETES_LOG = re.compile(r"(?P<pod>[^_]+)_(?P<namespace>[^_]+)_(?P<name>.+)-(?P<id>[0-9a-f]{64})\.log")


def name_of(host: Host, container: Container) -> str:
    """The name, else the short id: without the right to read the engine's folder there is nothing better."""
    if container.name or not container.long_id:
        return container.name or container.id
    found = _docker(host, container.long_id) or _podman(host, container.long_id) or _kubernetes(host, container.long_id)
    return found or container.id


def _docker(host: Host, long_id: str) -> str:
    config = _json(host.root_if_any(DOCKER.format(long_id)))
    name = config.get("Name") if isinstance(config, dict) else None
    return name.lstrip("/") if isinstance(name, str) else ""


def _podman(host: Host, long_id: str) -> str:
    known = _json(host.root_if_any(PODMAN))
    for one in known if isinstance(known, list) else []:
        if isinstance(one, dict) and one.get("id") == long_id and one.get("names"):
            return str(one["names"][0])
    return ""


def _kubernetes(host: Host, long_id: str) -> str:
    """``namespace/pod/container``: its log has all three in its name."""
    for match in filter(None, map(KUBERNETES_LOG.fullmatch, host.root_names(KUBERNETES))):
        if match["id"] == long_id:
            return f"{match['namespace']}/{match['pod']}/{match['name']}"
    return ""


def _json(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None
