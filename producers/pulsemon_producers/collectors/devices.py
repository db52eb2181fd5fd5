"""Which mounts, disks and interfaces are worth a series: the one rule, as data.

The rule of node_exporter and Telegraf, put together: what has no storage or wire of its own is left out, because it
shows another's numbers again, or comes and goes with every container.
"""

import re

PSEUDO_TYPES = frozenset(
    {
        "aufs",
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "cpuset",
        "debugfs",
        "devfs",
        "devpts",
        "devtmpfs",
        "ecryptfs",
        "efivarfs",
        "erofs",
        "fdescfs",
        "fuse.gvfsd-fuse",
        "fuse.lxcfs",
        "fuse.portal",
        "fuse.snapfuse",
        "fusectl",
        "hugetlbfs",
        "iso9660",
        "mqueue",
        "nsfs",
        "overlay",
        "proc",
        "procfs",
        "pstore",
        "ramfs",
        "rootfs",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "squashfs",
        "sysfs",
        "tmpfs",
        "tracefs",
        "udf",
    }
)
"""Types without storage of their own, and read-only images, which are always full."""

LAYERED_ROOT_TYPES = frozenset({"overlay", "aufs"})
"""Left out everywhere but at ``/``: in a container that is the only filesystem there is."""

IGNORED_MOUNTPOINTS = re.compile(
    r"/(dev|proc|sys|snap|run/(credentials|user|netns|docker|containerd|k3s)"
    r"|var/lib/(docker|containerd|containers|kubelet|lxcfs|snapd)"
    r"|etc/(hosts|hostname|resolv\.conf))(/|$)"
)
"""The kernel's own folders, those of container engines, and files that an engine mounts into its containers."""

IGNORED_DISKS = re.compile(
    r"(ram|zram|loop|fd|sr|nbd)\d+"
    r"|(h|s|v|xv)d[a-z]+\d+"
    r"|nvme\d+(c\d+)?n\d+p\d+|nvme\d+c\d+n\d+"
    r"|mmcblk\d+(p\d+|boot\d+|rpmb)"
    r"|md\d+p\d+"
)
"""Memory and images, removable readers, and partitions: the disk they lie on counts the same bytes."""

IGNORED_INTERFACES = re.compile(
    r"lo|(veth|docker|br-|virbr|vnet|vif|cni|cali|flannel|lxc|lxdbr|podman|kube-|weave|cilium|azv|nodelocaldns)[^/]*"
    r"|(tunl|sit|ip6tnl|ip6gre|ip6_vti|ip_vti|gre|gretap|erspan|ifb|dummy|bonding_masters)\d*"
)
"""Loopback, the host's ends of containers and virtual machines, and devices that the kernel makes by itself."""


def shows_mount(mountpoint: str, kind: str) -> bool:
    """True for filesystems that can fill up."""
    if kind in LAYERED_ROOT_TYPES:
        return mountpoint == "/"
    return kind not in PSEUDO_TYPES and IGNORED_MOUNTPOINTS.match(mountpoint) is None


def shows_disk(device: str) -> bool:
    """True for whole disks, and for what is put together from them."""
    return IGNORED_DISKS.fullmatch(device) is None


def shows_interface(name: str) -> bool:
    """True for interfaces that connect this host with others."""
    return IGNORED_INTERFACES.fullmatch(name) is None
