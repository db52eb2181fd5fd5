"""Which control groups are containers: the paths that Docker, Podman, Kubernetes, LXC and systemd-nspawn give them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_producers.collectors.cgroup import ROOT, Cgroup
from pulsemon_producers.collectors.host import Host

PATTERNS = (
    re.compile(r"(?:(?:docker|libpod|cri-containerd|crio|nerdctl)-)?(?P<id>[0-9a-f]{64})(?:\.scope)?"),
    re.compile(r"systemd-nspawn@(?P<name>.+)\.service"),
    re.compile(r"machine-(?!qemu)(?P<name>.+)\.scope"),
    re.compile(r"lxc\.payload\.(?P<name>.+)"),
)
"""The group itself, by the last part of its path; monitors beside it and virtual machines do not fit."""

ON_THE_WAY = re.compile(
    r".+\.slice|docker|kubepods|burstable|besteffort|pod[0-9a-f_-]+|libpod_parent|lxc|ecs|k8s\.io|default"
    r"|user@\d+\.service"
)
"""Groups that have containers in them; no other is looked into, so that a host with many services costs little."""
LXC = "lxc"

MAX_DEPTH = 7
MAX_CONTAINERS = 200
SHORT_ID = 12
"""As ``docker ps`` shows them."""
ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Container:
    """A container: its id as engines show it, and the name that its path has, "" if none."""

    id: str
    name: str
    long_id: str
    cgroup: Cgroup


def containers(host: Host, root: Cgroup) -> list[Container]:
    """All there are, at most ``MAX_CONTAINERS``, in the order of their paths."""
    controller = "" if root.is_v2 else _controller(host)
    found = _below(host, root, f"{ROOT}/{controller}".rstrip("/"), "", 0)
    return [one for one, _ in zip(found, range(MAX_CONTAINERS), strict=False)]


def _controller(host: Host) -> str:
    return next((name for name in ("cpuacct", "memory") if host.sys_names(f"{ROOT}/{name}")), "cpuacct")


def _below(host: Host, root: Cgroup, tree: str, path: str, depth: int) -> Iterator[Container]:
    for folder in host.sys_folders(f"{tree}/{path}" if path else tree):
        inner = f"{path}/{folder}" if path else folder
        container = _container(folder, path, Cgroup(host, root.is_v2, inner))
        if container is not None:
            yield container
        elif depth < MAX_DEPTH and ON_THE_WAY.fullmatch(folder):
            yield from _below(host, root, tree, inner, depth + 1)


def _container(folder: str, parent: str, cgroup: Cgroup) -> Container | None:
    if parent == LXC:
        return Container(folder, folder, "", cgroup)
    match = next(filter(None, (pattern.fullmatch(folder) for pattern in PATTERNS)), None)
    if match is None:
        return None
    parts = match.groupdict()
    if "id" in parts:
        return Container(parts["id"][:SHORT_ID], "", parts["id"], cgroup)
    name = ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), parts["name"])
    return Container(name, name, "", cgroup)
