"""``python -m support.stuck_processor``: a processor that applies its first batch, takes no other, and says nothing."""

import asyncio
import sys
from collections.abc import Sequence

from pulsemon_stream_processors import watchdog
from pulsemon_stream_processors.__main__ import main
from pulsemon_stream_processors.group import Incoming
from pulsemon_stream_processors.processor import Processor

LOOK_SECONDS = 0.25


class StuckProcessor(Processor):
    async def _process(self, batch: Sequence[Incoming]) -> None:
        await super()._process(batch)
        await asyncio.Event().wait()


if __name__ == "__main__":
    from pulsemon_stream_processors import processor

    processor.Processor = StuckProcessor  # type: ignore[misc]
    watchdog.CHECK_SECONDS = LOOK_SECONDS
    sys.exit(main())
