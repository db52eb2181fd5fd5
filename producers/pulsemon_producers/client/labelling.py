"""Puts the names and canonical labels of samples together: once for each series, then from memory."""

import functools

from pulsemon_schemas.labels import canonical

from pulsemon_producers.client.reading import Labels, Reading, Sample

REMEMBERED = 32_768


class Labelling:
    """Adds what all series of one process have in common: the client's labels, its service and its instance."""

    def __init__(self, common: Labels) -> None:
        self._common = dict(common)
        self.text = functools.lru_cache(REMEMBERED)(self._text)

    def sample(self, name: str, labels: Labels, reading: Reading) -> Sample:
        """What a reading of an instrument is on the wire."""
        return Sample(name + reading.suffix, self.text(labels, reading.extra), reading.value)

    def _text(self, labels: Labels, extra: Labels) -> str:
        return canonical({**self._common, **dict(labels), **dict(extra)})
