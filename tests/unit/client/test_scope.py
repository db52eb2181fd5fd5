"""What stands before the number of a process, where numbers alone would meet."""

import os
from pathlib import Path

import pytest
from pulsemon_producers.client.scope import container_id_in, own_scope, scope_of
from pulsemon_producers.client.transport import Memory
from support.clients import Maker

ID = "3f2a91c07be4" + "5d" * 26
OTHER_ID = "0123456789ab" + "c0" * 26
ROOT = "22 20 0:49 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/ABC\n"
OF_ANOTHER = f"31 22 8:1 /var/lib/docker/containers/{OTHER_ID}/mounts/shm /mnt/shm rw - ext4 /dev/sda1 rw\n"
DOCKER = f"40 22 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n"
PODMAN = f"41 22 0:24 /containers/storage/overlay-containers/{ID}/userdata/hostname /etc/hostname rw - tmpfs a rw\n"
POD = f"42 22 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{ID}/hostname /etc/hostname rw - ext4 /a rw\n"


@pytest.mark.parametrize(
    ("mounts", "cgroups", "found"),
    [
        pytest.param(ROOT + DOCKER, "0::/\n", ID, id="docker with groups of its own"),
        pytest.param(ROOT + PODMAN, "0::/\n", ID, id="podman"),
        pytest.param(ROOT, f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}\n", ID, id="docker on version 1"),
        pytest.param(ROOT, f"0::/system.slice/docker-{ID}.scope\n", ID, id="docker with the host's groups"),
        pytest.param(ROOT + POD, f"4:memory:/kubepods/besteffort/pod7/{ID}\n", "", id="pod"),
        pytest.param(ROOT + POD, f"0::/kubepods.slice/kubepods-pod7.slice/cri-containerd-{ID}.scope\n", "", id="pod 2"),
        pytest.param(ROOT + OF_ANOTHER, "0::/user.slice/user-1000.slice/session-2.scope\n", "", id="host"),
        pytest.param("", "", "", id="neither is there"),
    ],
)
def test_the_container_is_found_in_what_it_sees_of_itself(mounts: str, cgroups: str, found: str) -> None:
    assert container_id_in(mounts, cgroups) == found


@pytest.mark.parametrize(
    ("server_id", "host_name", "container_id", "scope"),
    [
        pytest.param("web-1", "web-1", "", "", id="a host"),
        pytest.param(ID[:12], ID[:12], ID, "", id="a container that is a server of its own"),
        pytest.param("shop-7f", "shop-7f", "", "", id="a pod that is a server of its own"),
        pytest.param("fleet", "web-1", "", "web-1", id="two machines under one server_id"),
        pytest.param("web-1", "shop-7f", "", "shop-7f", id="a pod under the id of its node"),
        pytest.param("web-1", ID[:12], ID, ID[:12], id="a container under the id of its host"),
        pytest.param("web-1", "web-1", ID, ID[:12], id="a container that is called like its host"),
        pytest.param("web-1", "shop", ID, f"shop-{ID[:12]}", id="containers with one name under the id of their host"),
        pytest.param("localhost", "", "", "", id="no name"),
    ],
)
def test_what_the_server_id_does_not_say(server_id: str, host_name: str, container_id: str, scope: str) -> None:
    assert scope_of(server_id, host_name, container_id) == scope


def test_two_containers_under_one_server_id_are_two_instances(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own folder for temporary files, and so takes the first slot."""
    sent = []
    for host_name in ("shop-a", "shop-b"):
        own_name = os.uname_result(("Linux", host_name, "6.1", "1", "x86_64"))
        monkeypatch.setattr(os, "uname", lambda own_name=own_name: own_name)
        memory = Memory()
        client = make(memory, server_id="web-1", runtime_folder=str(tmp_path / host_name))
        client.count("shop.orders")
        assert client.flush()
        sent.append(memory.batches[0])

    assert [batch.labels[-1] for batch in sent] == ["instance=shop-a/0,service=shop", "instance=shop-b/0,service=shop"]


def test_this_process_has_a_scope_as_far_as_it_needs_one() -> None:
    assert own_scope("fleet").startswith(os.uname().nodename)
