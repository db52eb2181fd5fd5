"""The ClickHouse engine (chDB) as a server of this machine: one process, a native-protocol port and an HTTP port.

``settings`` what it is told; ``server`` the whole; ``engine/`` opens the folder and runs SQL; ``access/`` who may do
what; ``sql/`` reads the outer shape of statements; ``native/`` and ``web/`` speak the two protocols.
"""

from pulsemon_deploy.clickhouse.settings import EngineSettings

__all__ = ["EngineSettings", "serve"]


def __getattr__(name: str) -> object:
    # the engine is 200 MB: whoever only needs the settings does not load it
    if name == "serve":
        from pulsemon_deploy.clickhouse.server import serve

        return serve
    raise AttributeError(name)
