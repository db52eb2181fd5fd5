"""The engine's configuration files: small caches, a bounded log, no tables about itself, and the two roles.

The roles are the engine's own access control: what a role was not granted, no spelling of a statement reaches.
Every connection is the engine's one user; it takes on its role as its first act.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from pulsemon_deploy.clickhouse.access.reach import REFUSED_SETTINGS
from pulsemon_deploy.clickhouse.settings import EngineSettings

READER_ROLE = "reader"
WRITER_ROLE = "writer"
READER_PROFILE = "reader"
WRITER_PROFILE = "writer"

# No source is granted: tables of files, Kafka, RabbitMQ, NATS, S3Queue, other servers are refused before any of it is
# written (a Kafka table's definition alone would keep the folder from opening). Inserts FROM INFILE need no grant.
# The engine lays the database `default` over the file system, so its tables need FILE, and nobody has them.
WRITER_GRANTS = (
    "GRANT SHOW, SELECT, INSERT, ALTER TABLE, ALTER VIEW, DROP, TRUNCATE, OPTIMIZE, CHECK, KILL QUERY ON *.*",
    "GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE TEMPORARY TABLE ON *.*",
)
READER_GRANTS = ("GRANT SELECT ON *.*",)

# max_server_memory_usage caps what the engine counts, not what it holds. It counts some 16 MB a database with our
# tables, of which 3 MB are ever touched, and gives all back when the tables go; with one database the count stayed
# between 2 and 50 MB over 4,300 inserts with merges, TTL and OPTIMIZE, and over 5 million samples in new partitions
# (RSS 280 to 395 MB), so the cap does not close in. memory_worker_correct_memory_tracker stays off: it would set the
# count to the RSS of the control group, which is read as a few MB and would lift the cap, or (with
# memory_worker_use_cgroup off) to the RSS of the process, 260 MB before the first query.
# executeQuery would log statements that failed, with the data in them; their senders are told anyway.
_SERVER = """<clickhouse>
  <logger>
    <log>{log_file}</log><size>10M</size><count>2</count><async>false</async>
    <levels><executeQuery>none</executeQuery></levels>
  </logger>
  <users_config>{users_file}</users_config>
  <max_server_memory_usage>{memory_bytes}</max_server_memory_usage>
  <mark_cache_size>{mark_cache_bytes}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <memory_worker_period_ms>1000</memory_worker_period_ms>
  <asynchronous_metrics_update_period_s>60</asynchronous_metrics_update_period_s>
  <send_crash_reports><enabled>false</enabled></send_crash_reports>
</clickhouse>
"""

_USERS = """<clickhouse>
  <profiles>
    <default/>
    <{reader_profile}><constraints>
      <readonly><const/></readonly>
      <max_memory_usage><min>1</min><max>{reader_memory_bytes}</max></max_memory_usage>
      {constants}
    </constraints></{reader_profile}>
    <{writer_profile}><constraints>
      <merge_tree_disk><const/></merge_tree_disk>
      {constants}
    </constraints></{writer_profile}>
  </profiles>
  <quotas><default/></quotas>
  <roles>
    <{reader}><grants>{reader_grants}</grants></{reader}>
    <{writer}><grants>{writer_grants}</grants></{writer}>
  </roles>
  <users><default>
    <password></password><networks><ip>::1</ip><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT {reader}</query><query>GRANT {writer}</query></grants>
  </default></users>
</clickhouse>
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie in the engine's folder."""

    folder: Path

    @property
    def data(self) -> Path:
        """The engine's own folder; nobody else writes there."""
        return self.folder / "data"

    @property
    def server_file(self) -> Path:
        """The configuration, written anew at each start."""
        return self.folder / "server.xml"

    @property
    def users_file(self) -> Path:
        """The roles, written anew at each start."""
        return self.folder / "roles.xml"

    @property
    def log_file(self) -> Path:
        """The engine's log: at most 3 files of 10 MB."""
        return self.folder / "log" / "engine.log"

    @property
    def version_file(self) -> Path:
        """The version of the engine that last opened the data."""
        return self.folder / "engine-version"


def write_configuration(settings: EngineSettings) -> Layout:
    """Writes both files and returns where all lies. OSError if the folder cannot be written."""
    layout = Layout(settings.folder.absolute())
    layout.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    layout.log_file.parent.mkdir(exist_ok=True)
    _write(layout.server_file, _server(settings, layout))
    _write(layout.users_file, _users(settings))
    return layout


def _server(settings: EngineSettings, layout: Layout) -> str:
    return _SERVER.format(
        log_file=escape(str(layout.log_file)),
        users_file=escape(str(layout.users_file)),
        memory_bytes=settings.memory_bytes,
        mark_cache_bytes=settings.mark_cache_bytes,
    )


def _users(settings: EngineSettings) -> str:
    def grants(queries: tuple[str, ...]) -> str:
        return "".join(f"<query>{escape(query)}</query>" for query in queries)

    return _USERS.format(
        reader_profile=READER_PROFILE,
        writer_profile=WRITER_PROFILE,
        constants="".join(f"<{name}><const/></{name}>" for name in sorted(REFUSED_SETTINGS - {"profile"})),
        reader=READER_ROLE,
        writer=WRITER_ROLE,
        reader_memory_bytes=settings.reader_memory_bytes,
        reader_grants=grants(READER_GRANTS),
        writer_grants=grants(WRITER_GRANTS),
    )


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - replaces in one step, so that a crash leaves the old file or the new one
