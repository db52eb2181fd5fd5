"""The control API of one gateway, put together."""

from collections.abc import Callable

from fastapi import APIRouter
from pulsemon_schemas.tokens import READ

from pulsemon_producers.gateway.control.alert_notes import AlertNotes
from pulsemon_producers.gateway.control.alert_routes import AlertResource
from pulsemon_producers.gateway.control.changes import Changes
from pulsemon_producers.gateway.control.configuration import Configuration
from pulsemon_producers.gateway.control.enrolment import Enrolment
from pulsemon_producers.gateway.control.event_routes import event_router
from pulsemon_producers.gateway.control.expansion import Expansion
from pulsemon_producers.gateway.control.explain import Explanation
from pulsemon_producers.gateway.control.explain_routes import explain_router
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.kinds import routes, rules
from pulsemon_producers.gateway.control.kinds.enrolment_tokens import enrolment_kind
from pulsemon_producers.gateway.control.kinds.keys import key_kind
from pulsemon_producers.gateway.control.kinds.operator_tokens import token_kind
from pulsemon_producers.gateway.control.kinds.quiet import quiet_kinds
from pulsemon_producers.gateway.control.kinds.servers import servers
from pulsemon_producers.gateway.control.resource import EntityResource
from pulsemon_producers.gateway.control.secret_kind import SecretKind
from pulsemon_producers.gateway.control.secret_resource import SecretResource
from pulsemon_producers.gateway.control.states import Alerts, ServerStates
from pulsemon_producers.gateway.control.writer import ControlWriter, Log
from pulsemon_producers.gateway.keyring import Keyring
from pulsemon_producers.gateway.request_body import BodyRoom


class ControlApi:
    """All routes under ``/api/v1`` that read or change what is configured; ``expansion`` has to be run beside them.

    ``is_ready``: whether the control log is read to its end; ``knows_states``: whether those of servers and alerts are.
    """

    def __init__(
        self,
        configuration: Configuration,
        notes: AlertNotes,
        keyring: Keyring,
        room: BodyRoom,
        log: Log,
        states: ServerStates,
        alerts: Alerts,
        now_ms: Callable[[], int],
        is_ready: Callable[[], bool],
        knows_states: Callable[[], bool],
    ) -> None:
        self._configuration = configuration
        self._gate = Gate(keyring, room, now_ms, is_ready)
        self._changes = Changes(ControlWriter(log, configuration), configuration)
        self.expansion = Expansion(configuration, self._changes, now_ms, is_ready)
        self._log = log
        self._now_ms = now_ms
        self._alerts = AlertResource(self._gate, alerts, notes, self._changes, now_ms, knows_states)
        self._kinds: tuple[EntityKind, ...] = (
            servers(states.of, knows_states),
            rules.KIND,
            *quiet_kinds(now_ms),
            routes.KIND,
        )
        self._secret_kinds: tuple[SecretKind, ...] = (
            key_kind(configuration, now_ms),
            token_kind(now_ms),
            enrolment_kind(now_ms),
        )

    def routers(self) -> list[APIRouter]:
        """One for each kind of thing; in this order they are asked whether an address is theirs."""
        return [
            explain_router(self._gate, Explanation(self._configuration), READ),
            *(self._resource(kind).router() for kind in self._kinds),
            *(self._secret_resource(kind).router() for kind in self._secret_kinds),
            self._alerts.router(),
            event_router(self._gate, self._log, self._now_ms),
            Enrolment(self._gate, self._configuration, self._changes, self._now_ms).router(),
        ]

    def _resource(self, kind: EntityKind) -> EntityResource:
        return EntityResource(kind, self._gate, self._configuration, self._changes)

    def _secret_resource(self, kind: SecretKind) -> SecretResource:
        return SecretResource(kind, self._gate, self._configuration, self._changes, self._now_ms)
