from pathlib import Path

import pytest
from pulsemon_producers.collectors.cgroup import Cgroup, tree
from pulsemon_producers.collectors.container_paths import containers
from pulsemon_producers.collectors.host import Host

ID = "0123456789ab" + "c" * 52


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"system.slice/docker-{ID}.scope", "0123456789ab"),
        (f"docker/{ID}", "0123456789ab"),
        (f"machine.slice/libpod-{ID}.scope", "0123456789ab"),
        (f"user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope", "0123456789ab"),
        (f"kubepods/besteffort/pod0f3a9d3e-11aa-4b5c-9d10-aabbccddeeff/{ID}", "0123456789ab"),
        (f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f_3a.slice/crio-{ID}.scope", "0123456789ab"),
        (f"system.slice/nerdctl-{ID}.scope", "0123456789ab"),
        ("machine.slice/systemd-nspawn@box.service", "box"),
        ("machine.slice/machine-box.scope", "box"),
        ("lxc/mail", "mail"),
        ("lxc.payload.mail", "mail"),
    ],
)
def test_every_engine_has_its_paths(path: str, expected: str, tmp_path: Path) -> None:
    assert found(tmp_path, path) == [expected]


@pytest.mark.parametrize(
    "path",
    [
        "system.slice/ssh.service",
        f"machine.slice/libpod-conmon-{ID}.scope",
        f"kubepods.slice/crio-conmon-{ID}.scope",
        "machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
        "user.slice/user-1000.slice/session-3.scope",
        f"system.slice/some.service/{ID}",
    ],
)
def test_what_is_no_container_is_left_out(path: str, tmp_path: Path) -> None:
    assert found(tmp_path, path) == []


def found(folder: Path, path: str) -> list[str]:
    host = Host(sysfs=folder)
    (host.sysfs / "fs/cgroup" / path).mkdir(parents=True)
    (host.sysfs / "fs/cgroup/cgroup.controllers").write_text("cpu\n")
    root = tree(host)
    assert isinstance(root, Cgroup)
    return [one.id for one in containers(host, root)]
