import pytest
from pulsemon_producers.collectors.devices import shows_disk, shows_interface, shows_mount


@pytest.mark.parametrize(
    "device", ["sda", "vda", "xvda", "nvme0n1", "nvme10n2", "mmcblk0", "md0", "dm-3", "hda", "sdaa"]
)
def test_whole_disks_are_shown(device: str) -> None:
    assert shows_disk(device)


@pytest.mark.parametrize(
    "device",
    ["sda1", "vda15", "nvme0n1p2", "nvme0c0n1", "mmcblk0p1", "mmcblk0boot0", "md0p1", "loop7", "ram0", "zram0", "sr0"],
)
def test_partitions_and_images_are_not(device: str) -> None:
    assert not shows_disk(device)


@pytest.mark.parametrize("name", ["eth0", "ens5", "enp3s0f1", "wlan0", "bond0", "wg0", "tun0", "br0", "eth0.100"])
def test_interfaces_with_a_way_out_are_shown(name: str) -> None:
    assert shows_interface(name)


@pytest.mark.parametrize("name", ["lo", "veth12ab", "docker0", "br-5f6e", "virbr0", "cali9x", "ifb0", "sit0", "dummy0"])
def test_interfaces_of_containers_and_the_kernel_are_not(name: str) -> None:
    assert not shows_interface(name)


@pytest.mark.parametrize(
    ("mountpoint", "kind", "expected"),
    [
        ("/", "ext4", True),
        ("/", "overlay", True),
        ("/mnt/nas", "nfs4", True),
        ("/processes", "xfs", True),
        ("/var/lib/docker", "ext4", False),
        ("/srv/app", "overlay", False),
        ("/tmp", "tmpfs", False),
        ("/etc/hosts", "ext4", False),
    ],
)
def test_filesystems_that_can_fill_up_are_shown(mountpoint: str, kind: str, expected: bool) -> None:
    assert shows_mount(mountpoint, kind) is expected
