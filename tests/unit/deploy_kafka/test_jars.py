import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulsemon_deploy.kafka.jars import Fetch, is_resolved, resolve
from pulsemon_deploy.kafka.lock import LockedJar, write_line
from pulsemon_schemas.errors import PermanentError

CONTENTS = {"broker": b"the broker", "clients": b"its clients"}


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    lines = [
        write_line(LockedJar("org.example", name, "1.0", len(content), hashlib.sha256(content).hexdigest()))
        for name, content in CONTENTS.items()
    ]
    path = tmp_path / "jars.lock"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def download(jar: LockedJar, folder: Path) -> Path:
    path = folder / jar.group / jar.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENTS[jar.artifact])
    return path


def counting(fetch: Fetch) -> tuple[Fetch, Callable[[], int]]:
    calls: list[str] = []

    def counted(jar: LockedJar, folder: Path) -> Path:
        calls.append(jar.name)
        return fetch(jar, folder)

    return counted, lambda: len(calls)


def left_in(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if not path.name.endswith(".lock")]


def no_network(jar: LockedJar, folder: Path) -> Path:
    raise AssertionError(f"{jar.name} was fetched again")


def test_all_jars_of_the_lock_are_there_in_the_order_of_their_names(cache: Path, lock_file: Path) -> None:
    jars = resolve(cache, lock_file, download)

    assert jars.names == ("broker-1.0.jar", "clients-1.0.jar")
    assert [Path(path).read_bytes() for path in jars.class_path.split(":")] == list(CONTENTS.values())
    assert {path.name for path in jars.folder.iterdir()} == set(jars.names)


def test_a_second_call_fetches_nothing(cache: Path, lock_file: Path) -> None:
    first = resolve(cache, lock_file, download)

    assert is_resolved(cache, lock_file)
    assert resolve(cache, lock_file, no_network) == first


def test_two_at_once_fetch_each_jar_once(cache: Path, lock_file: Path) -> None:
    both = threading.Barrier(2)
    fetch, count = counting(download)

    def call(_: int) -> Path:
        both.wait()
        return resolve(cache, lock_file, fetch).folder

    with ThreadPoolExecutor(2) as pool:
        folders = set(pool.map(call, range(2)))

    assert len(folders) == 1
    assert count() == len(CONTENTS)


def test_a_jar_with_another_sum_is_refused_and_nothing_is_kept(cache: Path, lock_file: Path) -> None:
    def swapped(jar: LockedJar, folder: Path) -> Path:
        path = download(jar, folder)
        if jar.artifact == "clients":
            path.write_bytes(b"something else")
        return path

    with pytest.raises(
        PermanentError, match=r"clients-1\.0\.jar was refused: its SHA-256 sum is .* Nothing of it was kept"
    ):
        resolve(cache, lock_file, swapped)

    assert left_in(cache) == []
    assert not is_resolved(cache, lock_file)


def test_a_cached_jar_that_was_changed_is_refused(cache: Path, lock_file: Path) -> None:
    jars = resolve(cache, lock_file, download)
    (jars.folder / "broker-1.0.jar").write_bytes(b"something else")

    with pytest.raises(PermanentError, match=f"Delete the folder {jars.folder}"):
        resolve(cache, lock_file, no_network)


def test_a_cached_jar_that_is_missing_is_told(cache: Path, lock_file: Path) -> None:
    jars = resolve(cache, lock_file, download)
    (jars.folder / "broker-1.0.jar").unlink()

    with pytest.raises(PermanentError, match=r"broker-1\.0\.jar was refused: its SHA-256 sum is no file"):
        resolve(cache, lock_file, no_network)


@pytest.mark.parametrize("interruption", [ConnectionError("cable cut"), KeyboardInterrupt()])
def test_an_interrupted_download_leaves_no_half_cache(
    cache: Path, lock_file: Path, interruption: BaseException
) -> None:
    def interrupted(jar: LockedJar, folder: Path) -> Path:
        if jar.artifact == "clients":
            raise interruption
        return download(jar, folder)

    with pytest.raises((PermanentError, KeyboardInterrupt)):
        resolve(cache, lock_file, interrupted)
    assert left_in(cache) == []

    resolve(cache, lock_file, download)
    assert is_resolved(cache, lock_file)


def test_what_a_killed_download_left_is_cleared_away(cache: Path, lock_file: Path) -> None:
    jars = resolve(cache, lock_file, download)
    left = cache / f".{jars.folder.name}.abc" / "download"
    left.mkdir(parents=True)

    resolve(cache, lock_file, no_network)

    assert left_in(cache) == [jars.folder.name]


def test_no_network_is_one_sentence_with_what_to_do(cache: Path, lock_file: Path) -> None:
    def offline(jar: LockedJar, folder: Path) -> Path:
        raise ConnectionError("no route to host")

    with pytest.raises(
        PermanentError, match=r"broker-1\.0\.jar could not be downloaded .*no route.* Check the network"
    ):
        resolve(cache, lock_file, offline)


def test_another_lock_is_another_folder(cache: Path, lock_file: Path) -> None:
    before = resolve(cache, lock_file, download)
    lock_file.write_text(lock_file.read_text().splitlines()[0])
    after = resolve(cache, lock_file, download)

    assert before.folder != after.folder
    assert before.folder.is_dir()
