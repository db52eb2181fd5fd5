"""The page about collectors is true: its files are written out and used."""

import re
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib.metadata import PathDistribution, distributions
from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import ENTRY_POINT_GROUP, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.program.collector import ProgramCollector
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.settings import custom_settings
from pulsemon_producers.custom.text_files.collector import TextFileCollector
from pulsemon_producers.custom.text_files.settings import TextFileSettings

PAGE = Path(__file__).parents[3] / "docs" / "collectors.md"
BLOCK = re.compile(r"^```(\w+)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
TICK = Tick(0, None, "boot", {})


def blocks(kind: str, title: str) -> list[str]:
    """The blocks of code of this kind whose first two lines hold the title."""
    found = [text for language, text in BLOCK.findall(PAGE.read_text()) if language == kind]
    return [text for text in found if title in "\n".join(text.splitlines()[:2])]


def block(kind: str, title: str) -> str:
    (text,) = blocks(kind, title)
    return text


def executable(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(text)
    path.chmod(0o755)
    return path


def values(collector: ProgramCollector | TextFileCollector) -> dict[str, float]:
    return {f"{point.name}{{{point.labels}}}": point.value for point in collector.collect(TICK)}


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    (tmp_path / "authorization").write_text("Bearer abc\n")
    text = "\n".join(blocks("toml", "# agent.toml"))
    file = tmp_path / "agent.toml"
    file.write_text(text.replace("/etc/pulsemon/shop-authorization", str(tmp_path / "authorization")))

    settings = custom_settings(file)

    assert set(tomllib.loads(text)) == {"probe", "scrape", "exec", "textfile"}
    assert [probe.name for probe in settings.probes] == ["shop", "intranet", "mail"]


def test_the_executable_of_the_page_prints_what_the_page_says(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    (backups / "monday").touch()
    path = executable(tmp_path, block("sh", "# The age of the newest backup"))

    found = values(ProgramCollector(Host(), ProgramSettings("backup", path, (str(backups),))))

    assert found["custom.backup_runs_total{}"] == 1.0
    assert 0 <= found[f"custom.backup_age_seconds{{folder={backups}}}"] < 60


def test_the_writer_of_the_page_writes_a_file_that_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir(mode=0o755)
    path = executable(tmp_path, block("sh", "# Writes beside the file"))
    subprocess.run(["/bin/sh", "-c", 'umask 022; exec "$@"', "sh", path, folder, "7"], check=True)

    found = values(TextFileCollector(Host(wall_seconds=time.time), TextFileSettings(folder)))

    assert found["custom.raid_checks_total{}"] == 7.0
    assert found["textfile.error{file=raid.prom}"] == 0.0


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the page, built and installed into a folder."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(block("toml", "# pyproject.toml"))
    for name in ("mail_queue.py", "test_mail_queue.py"):
        (source / name).write_text(block("python", f"# {name}"))
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True, timeout=60)
    (wheel,) = (source / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    (site / "test_mail_queue.py").write_bytes((source / "test_mail_queue.py").read_bytes())
    return site


def test_the_package_of_the_page_offers_its_class(package: Path) -> None:
    (found,) = distributions(path=[str(package)])
    assert isinstance(found, PathDistribution)
    (entry,) = found.entry_points.select(group=ENTRY_POINT_GROUP)

    assert (entry.name, entry.value) == ("mail_queue", "mail_queue:MailQueue")


def test_the_packages_own_test_passes(package: Path) -> None:
    arguments = ["-q", "-W", "error", "-p", "no:cacheprovider", "test_mail_queue.py"]
    done = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=package, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
