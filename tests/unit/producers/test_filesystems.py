import os
import threading
from pathlib import Path

from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.filesystems import FilesystemCollector
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.mounts import Mount, mounts

TABLE = "/dev/sda1 / ext4 rw 0 0\nnas:/export /mnt/nas nfs4 rw 0 0\n/dev/sdb1 /srv xfs rw 0 0\n"
TICK = Tick(0, None, "boot", {})


def test_a_mount_that_never_answers_is_an_error_of_its_own(tmp_path: Path) -> None:
    release = threading.Event()
    asked: list[str] = []

    def statvfs(mountpoint: str) -> os.statvfs_result:
        asked.append(mountpoint)
        if mountpoint == "/mnt/nas":
            release.wait(60)
        return os.statvfs_result((4096, 4096, 1000, 500, 400, 100, 50, 50, 0, 255))

    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mounts").write_text(TABLE)
    collector = FilesystemCollector(Host(procfs=tmp_path, statvfs=statvfs))

    for _ in range(2):
        points = list(collector.collect(TICK))
        errors = {point.labels: point.value for point in points if point.name == "system.filesystem.error"}
        assert errors == {"mountpoint=/": 0, "mountpoint=/mnt/nas": 1, "mountpoint=/srv": 0}
        sizes = [point.labels for point in points if point.name == "system.filesystem.limit"]
        assert sizes == ["device=/dev/sda1,mountpoint=/,type=ext4", "device=/dev/sdb1,mountpoint=/srv,type=xfs"]

    assert asked.count("/mnt/nas") == 1, "it is not asked again while it hangs"
    release.set()
    collector.close()


def test_what_is_mounted_over_another_hides_it() -> None:
    table = "/dev/sda1 /srv ext4 rw 0 0\n/dev/sdb1 /srv xfs ro,relatime 0 0\nbroken line\n"

    assert mounts(table) == [Mount("/srv", "/dev/sdb1", "xfs", is_read_only=True)]
