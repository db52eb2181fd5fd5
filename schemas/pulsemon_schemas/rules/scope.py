"""Whom a rule is for, and how much that says: the narrower scope wins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulsemon_schemas.rules.fields import Fields

KINDS = ("global", "environment", "region", "role", "labels", "server", "instance")
"""From the widest to the narrowest."""


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """What the configuration says about a server; all empty for one that nobody registered."""

    server_id: str
    environment: str = ""
    region: str = ""
    role: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    is_registered: bool = False
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """``value`` names the environment, region, role or server; ``labels`` are the server's, or those of the series.

    An instance is a part of one server, as a mount point: ``value`` is the server, ``labels`` are the series'.
    """

    kind: str = "global"
    value: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def precedence(self) -> int:
        """Higher is narrower."""
        return KINDS.index(self.kind)

    def covers_server(self, server: ServerProfile) -> bool:
        """Whether the server, or a part of it, is in the scope."""
        match self.kind:
            case "global":
                return True
            case "server" | "instance":
                return server.server_id == self.value
            case "labels":
                return is_subset(self.labels, server.labels)
        return bool(getattr(server, self.kind) == self.value)

    def covers_series(self, labels: Mapping[str, str]) -> bool:
        """Whether a series of a server in the scope is in it too."""
        return self.kind != "instance" or is_subset(self.labels, labels)


def is_subset(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the labels have all that is wanted."""
    return all(labels.get(key) == value for key, value in wanted.items())


def read_scope(fields: Fields) -> Scope:
    """The scope in an object such as ``{"kind": "environment", "value": "production"}``."""
    kind = fields.choice("kind", KINDS, "global")
    needs_labels = kind in {"labels", "instance"}
    value = fields.text("value", "" if kind in {"global", "labels"} else None)
    labels = fields.texts("labels")
    if needs_labels and not labels:
        fields.problem("labels", f"the scope {kind!r} needs labels")
    if labels and not needs_labels:
        fields.problem("labels", f"the scope {kind!r} takes no labels")
    if value and kind in {"global", "labels"}:
        fields.problem("value", f"the scope {kind!r} takes no value")
    fields.unasked()
    return Scope(kind, value, labels)


def scope_body(scope: Scope) -> dict[str, Any]:
    """The object that ``read_scope`` reads."""
    body: dict[str, Any] = {"kind": scope.kind}
    if scope.value:
        body["value"] = scope.value
    if scope.labels:
        body["labels"] = dict(scope.labels)
    return body


def parse_profile(server_id: str, body: Mapping[str, Any]) -> ServerProfile:
    """What a server's entity says, leniently: other readers judge its other fields."""
    labels = body.get("labels")
    return ServerProfile(
        server_id=server_id,
        environment=_text(body, "environment"),
        region=_text(body, "region"),
        role=_text(body, "role"),
        labels={str(key): str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {},
        is_registered=True,
        is_retired=body.get("retired") is True,
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
