"""What tells a process apart from those of other machines and containers that send under the same server_id.

Slots number the processes that see each other's slots. Others would begin at the same numbers, so what they have of
their own stands before them: the name of the host, and in a container what it has besides.
"""

import os
import re

SHOWN_ID_CHARACTERS = 12
"""Of the id of a container, as Docker and Podman show it, and name the host in it if nothing else is wanted."""
MOUNTS = "/proc/self/mountinfo"
CGROUPS = "/proc/self/cgroup"

_MOUNTED = re.compile(r"^(?:\S+ ){3}\S*containers/([0-9a-f]{64})/\S* /etc/hostname ", re.MULTILINE)
"""Docker and Podman mount this file from the container's own folder, whatever namespaces it has."""
_GROUPED = re.compile(r"^(?!.*kubepods).*[/-]([0-9a-f]{64})(?:\.scope)?$", re.MULTILINE)
"""Where the container sees the names of the host's groups. The name of a pod of Kubernetes is its own already."""


def own_scope(server_id: str) -> str:
    """The scope of this process."""
    return scope_of(server_id, os.uname().nodename, container_id_in(_text(MOUNTS), _text(CGROUPS)))


def scope_of(server_id: str, host_name: str, container_id: str) -> str:
    """ "" where the server_id says it all: on a host, or in a container, that is called like that.

    The name of the host if the server_id is another; the beginning of the container's id if the host's name does not
    come from it, as with the network of the host, or with one name for several containers.
    """
    own_name = host_name if host_name != server_id else ""
    own_id = "" if container_id.startswith(host_name) else container_id[:SHOWN_ID_CHARACTERS]
    return "-".join(part for part in (own_name, own_id) if part)


def container_id_in(mounts: str, cgroups: str) -> str:
    """The id of a container of Docker or Podman, in what it sees of its mounts and groups; "" if it is none."""
    found = _MOUNTED.search(mounts) or _GROUPED.search(cgroups)
    return found[1] if found else ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - pathlib takes long to import
            return file.read()
    except OSError:
        return ""  # not every system has it
