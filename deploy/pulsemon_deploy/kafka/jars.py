"""Resolving the broker: every jar of the lock, with its sum, in the cache. jgo, a Maven client in Python, downloads."""

import hashlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.errors import PermanentError, PulsemonError

from pulsemon_deploy.kafka.cache import exclusive
from pulsemon_deploy.kafka.lock import KAFKA_VERSION, LOCK_FILE, LockedJar, read_lock

logger = logging.getLogger(__name__)

DOWNLOAD_THREADS = 8
REQUEST_TIMEOUT_SECONDS = 30

Fetch = Callable[[LockedJar, Path], Path]
"""Downloads one jar somewhere below the given folder and returns where; raises whatever its client raises."""


@dataclass(frozen=True, slots=True)
class Jars:
    """The verified jars of one lock, in a folder of the cache."""

    folder: Path
    names: tuple[str, ...]

    @property
    def class_path(self) -> str:
        """All jars in one fixed order: the start-up cache of the Java runtime is bound to it."""
        return ":".join(str(self.folder / name) for name in self.names)


def locate(cache: Path, lock_file: Path = LOCK_FILE) -> Jars:
    """Where the jars of the lock are, or will be, in the cache. Touches no file but the lock."""
    names = tuple(jar.name for jar in read_lock(lock_file))
    lock_key = hashlib.sha256(lock_file.read_bytes()).hexdigest()[:12]
    return Jars(cache / f"kafka-{KAFKA_VERSION}-{lock_key}", names)


def is_resolved(cache: Path, lock_file: Path = LOCK_FILE) -> bool:
    """Whether ``resolve`` will need no network. A folder of this name only ever appears complete."""
    return locate(cache, lock_file).folder.is_dir()


def resolve(cache: Path, lock_file: Path = LOCK_FILE, fetch: Fetch | None = None) -> Jars:
    """The jars of the lock, each with the sum it must have; downloads only what the cache lacks.

    Raises PermanentError when a jar, downloaded or cached, is not the locked one, or cannot be had.
    """
    jars = locate(cache, lock_file)
    locked = read_lock(lock_file)
    with exclusive(cache, jars.folder.name):
        if not jars.folder.is_dir():
            _download(locked, jars.folder, fetch or _fetch_with_jgo)
    for jar in locked:
        _verify(jar, jars.folder / jar.name, f"Delete the folder {jars.folder} and start again: it is downloaded anew.")
    return jars


def _download(locked: tuple[LockedJar, ...], folder: Path, fetch: Fetch) -> None:
    """All jars into a folder beside ``folder``, which then takes the name at once: it is never half full."""
    started = time.monotonic()
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with ThreadPoolExecutor(DOWNLOAD_THREADS) as pool:
            for jar, path in zip(locked, pool.map(lambda jar: _fetch(fetch, jar, staging), locked), strict=True):
                _verify(
                    jar, path, "Nothing of it was kept. Start again, or look into what stands between you and Maven."
                )
                path.rename(staging / jar.name)
        for leftover in staging.iterdir():
            if leftover.is_dir():
                shutil.rmtree(leftover)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    logger.info("Apache Kafka %s resolved: %s jars in %.1f s", KAFKA_VERSION, len(locked), time.monotonic() - started)


def _fetch(fetch: Fetch, jar: LockedJar, folder: Path) -> Path:
    try:
        return fetch(jar, folder / "download")
    except PulsemonError:
        raise
    except Exception as error:
        raise PermanentError(
            f"{jar.name} could not be downloaded from Maven Central ({error.__class__.__name__}: {error}). "
            "Nothing was kept. Check the network (and the proxy settings) and start again."
        ) from error


def _fetch_with_jgo(jar: LockedJar, folder: Path) -> Path:
    try:
        from jgo.maven import MavenContext
    except ImportError as error:
        raise PermanentError(
            "What downloads the local Kafka is not installed; nothing was started. Run: pip install 'pulsemon[local]'"
        ) from error
    context = MavenContext(repo_cache=folder, local_repos=[], timeout=REQUEST_TIMEOUT_SECONDS)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    path = context.resolver.download(artifact)
    if path is None:
        raise FileNotFoundError(jar.name)
    return path


def _verify(jar: LockedJar, path: Path, advice: str) -> None:
    """PermanentError unless the file is, byte for byte, the locked jar."""
    try:
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        found = "no file"
    if found != jar.sha256:
        raise PermanentError(
            f"{jar.name} was refused: its SHA-256 sum is {found}, the lock of this version says {jar.sha256}. {advice}"
        )
