import subprocess
import sys


def test_importing_the_contract_reads_no_data_and_loads_no_client() -> None:
    script = """
import sys
from pulsemon_schemas import catalogue, control, errors, labels, partitioner, reasons, records, registry, topics
from pulsemon_schemas.runtime import kafka, notify, settings
print(sorted(name for name in sys.modules if name in {"confluent_kafka", "fastavro", "psutil"}))
print(catalogue.loader.load_metrics.cache_info().currsize, registry.schema.cache_info().currsize)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["[]", "0 0"]
