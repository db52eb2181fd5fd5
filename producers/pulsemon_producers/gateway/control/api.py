"""The control API of one gateway, put together."""

from collections.abc import Callable

from fastapi import APIRouter

from pulsemon_producers.gateway.control.changes import Changes
from pulsemon_producers.gateway.control.configuration import Configuration
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.kinds.servers import StateOf, servers
from pulsemon_producers.gateway.control.resource import EntityResource
from pulsemon_producers.gateway.control.writer import ControlWriter, Log
from pulsemon_producers.gateway.keyring import Keyring
from pulsemon_producers.gateway.request_body import BodyRoom


class ControlApi:
    """All routes under ``/api/v1`` that read or change what is configured."""

    def __init__(
        self,
        configuration: Configuration,
        keyring: Keyring,
        room: BodyRoom,
        log: Log,
        state_of: StateOf,
        now_ms: Callable[[], int],
        is_ready: Callable[[], bool],
    ) -> None:
        self._configuration = configuration
        self._gate = Gate(keyring, room, now_ms, is_ready)
        self._changes = Changes(ControlWriter(log, configuration), configuration)
        self._kinds: tuple[EntityKind, ...] = (servers(state_of),)

    def routers(self) -> list[APIRouter]:
        """One for each kind of thing."""
        return [EntityResource(kind, self._gate, self._configuration, self._changes).router() for kind in self._kinds]
