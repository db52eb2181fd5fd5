"""Writes the lock anew, for another version of Kafka: ``python -m pulsemon_deploy.kafka.relock > jars.lock``."""

import hashlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from jgo.maven import Artifact, MavenContext
from jgo.parse import Endpoint

from pulsemon_deploy.kafka.lock import KAFKA_VERSION, LockedJar, write_line

# Kafka speaks slf4j 1.7; without a binding every line of the broker's log is dropped. The "!" keeps the versions that
# log4j's own build manages (an old kafka-clients among them) from being applied to Kafka's dependencies.
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!"


def locked_jars(folder: Path) -> list[LockedJar]:
    """Resolves the whole graph into ``folder``: half a minute, some hundred requests."""
    context = MavenContext(repo_cache=folder, local_repos=[])
    coordinates = Endpoint.parse(ENDPOINT).coordinates
    inputs = [context.create_dependency(replace(each, scope="compile")) for each in coordinates]
    named, further = context.resolver.resolve(inputs)
    artifacts = [each.artifact for each in (*named, *further) if each.scope in ("compile", "runtime")]
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(_lock, artifacts), key=lambda jar: jar.name)


def _lock(artifact: Artifact) -> LockedJar:
    path = artifact.context.resolver.download(artifact)
    if path is None:
        raise FileNotFoundError(artifact.filename)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return LockedJar(artifact.groupId, artifact.artifactId, artifact.version, len(content), digest)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.stdout.writelines(write_line(jar) + "\n" for jar in locked_jars(Path(scratch)))
