"""The topics as this worker calls them, and where in each a record goes."""

from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.topics import topic

from pulsemon_stream_processors.engine import Output
from pulsemon_stream_processors.transactions import Write


class TopicNames:
    """Our names with a prefix before them. ``partition_count`` is that of all topics which are keyed by server."""

    def __init__(self, prefix: str, partition_count: int) -> None:
        self._prefix = prefix
        self._partition_count = partition_count

    def name(self, name: str) -> str:
        """The topic behind one of our names."""
        return f"{self._prefix}{name}"

    def address(self, output: Output, own_partition: int) -> Write:
        """An output of the engine as a record for Kafka: always to the same partition, so that a replay can compare."""
        partition = output.partition
        if partition is None:
            count = topic(output.topic).partitions or self._partition_count
            partition = partition_for(output.key, count) if output.key else own_partition % count
        return Write(self.name(output.topic), partition, output.key, output.value, output.headers)
