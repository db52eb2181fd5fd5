"""The Kafka of one machine: resolved, secured, started and given its topics; and the same topics on any other."""

from pulsemon_deploy.kafka.access import ensure_access
from pulsemon_deploy.kafka.cache import cache_folder
from pulsemon_deploy.kafka.client_text import client_config_text, client_environment_text
from pulsemon_deploy.kafka.jars import Jars, is_resolved, resolve
from pulsemon_deploy.kafka.lock import DOWNLOAD_BYTES, KAFKA_VERSION
from pulsemon_deploy.kafka.node import LocalKafka
from pulsemon_deploy.kafka.ready import wait_ready
from pulsemon_deploy.kafka.topics import TopicChanges, ensure_topics, topic_ids

__all__ = [
    "DOWNLOAD_BYTES",
    "KAFKA_VERSION",
    "Jars",
    "LocalKafka",
    "TopicChanges",
    "cache_folder",
    "client_config_text",
    "client_environment_text",
    "ensure_access",
    "ensure_topics",
    "is_resolved",
    "resolve",
    "topic_ids",
    "wait_ready",
]
