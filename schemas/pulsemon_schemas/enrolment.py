"""Enrolment: hosts that register themselves with a token that an operator made for them. Pure.

The entity ``enrolment_token`` of the control log says how often, until when, and as what. It is written and hashed as a
key of a server is (``keys``), and opens nothing else. Each use is a version of it, so that of two gateways that count
the last one only one is right. The entity ``machine`` says which server a machine is: its versions decide when
one machine enrols in two places at once.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulsemon_schemas import keys
from pulsemon_schemas.keys import Key
from pulsemon_schemas.rules import RuleError, parse_profile
from pulsemon_schemas.rules.fields import Fields

ENROLMENT_TOKEN = "enrolment_token"  # noqa: S105 - the entity type
MACHINE = "machine"
"""The other entity type; its ids are fingerprints."""
ENROL = "enrol"
"""The one scope of such a token."""
NOBODY = "_enrolment"
"""Stands where a key has its server; no server is called so."""
MAX_USES = 100_000
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
ASK, SAME, OTHER = "ask", "same", "other"
ANSWERS = (ASK, SAME, OTHER)
"""What is to become of a machine that is a server already: nothing, another key for it, or another server."""
_PURPOSE = b"pulsemon enrolment"


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """One token. ``key`` has its id, secret and end; the texts and labels are those of the servers it makes."""

    key: Key
    max_uses: int = 1
    uses: int = 0
    environment: str = ""
    region: str = ""
    role: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def author(self) -> str:
        """How changes made with it are signed."""
        return f"enrolment/{self.key.key_id}"

    @property
    def is_used_up(self) -> bool:
        """Whether nobody else may use it."""
        return self.uses >= self.max_uses

    def used(self) -> "EnrolmentToken":
        """The token after one more use."""
        return replace(self, uses=self.uses + 1)

    def body(self) -> dict[str, Any]:
        """The body of its control record."""
        key = self.key.body()
        return {
            **{name: key[name] for name in ("secrets", "expires_at", "revoked")},
            "max_uses": self.max_uses,
            "uses": self.uses,
            **self.presets(),
        }

    def presets(self) -> dict[str, Any]:
        """What it says of the servers that it makes."""
        texts = {"environment": self.environment, "region": self.region, "role": self.role}
        return {**texts, "labels": dict(self.labels)}


def read(token_id: str, body: Mapping[str, Any]) -> EnrolmentToken | None:
    """The token in the body of a control record; None if the body is none, so that it lets nobody in."""
    key = keys.read(token_id, {**body, "server_id": NOBODY, "scopes": [ENROL]})
    max_uses, uses = body.get("max_uses"), body.get("uses")
    if key is None or type(max_uses) is not int or type(uses) is not int or uses < 0:
        return None
    preset = parse_profile(NOBODY, body)
    return EnrolmentToken(key, max_uses, uses, preset.environment, preset.region, preset.role, preset.labels)


def fingerprint(machine_id: str) -> str:
    """The name of a machine for this purpose alone: nobody learns the id itself from it. "" for none."""
    return hmac.digest(machine_id.encode(), _PURPOSE, hashlib.sha256).hex() if machine_id else ""


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What a host asks for. It makes its key itself, so that the secret goes over no wire and a retry is the same."""

    machine: str
    server_id: str
    name: str
    key_id: str
    key_digest: str
    if_known: str = ASK

    @property
    def change_id(self) -> str:
        """Names this enrolment in all of its tries. Nobody can make it with a key of another."""
        return "enrol-" + hashlib.sha256(f"{self.key_id} {self.key_digest}".encode()).hexdigest()[:32]

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "machine": self.machine,
            "server_id": self.server_id,
            "name": self.name,
            "key": {"id": self.key_id, "sha256": self.key_digest},
            "if_known": self.if_known,
        }


_KEY_ID = re.compile(rf"[a-z0-9]{{{keys.ID_CHARACTERS}}}")
_MAX_CHARACTERS = 253


def parse_request(body: Mapping[str, Any]) -> EnrolmentRequest:
    """The request in a body. Raises RuleError with all problems."""
    problems: list[str] = []
    fields = Fields(body, problems)
    key = fields.nested("key")
    request = EnrolmentRequest(
        _matching(fields, "machine", FINGERPRINT, "64 hex digits") if fields.text("machine") else "",
        _server_id(fields),
        fields.text("name")[:_MAX_CHARACTERS],
        _matching(key, "id", _KEY_ID, f"{keys.ID_CHARACTERS} small letters and digits"),
        _matching(key, "sha256", FINGERPRINT, "64 hex digits"),
        fields.choice("if_known", ANSWERS, ASK),
    )
    key.unasked()
    fields.unasked()
    if problems:
        raise RuleError("enrolment", problems)
    return request


def _server_id(fields: Fields) -> str:
    server_id = fields.text("server_id", None)
    is_plain = server_id.isprintable() and "/" not in server_id and not server_id.startswith("_")
    if server_id and (not is_plain or len(server_id) > _MAX_CHARACTERS):
        fields.problem("server_id", f"has 1 to {_MAX_CHARACTERS} printable characters, no slash, and no _ first")
    return server_id


def _matching(fields: Fields, name: str, pattern: re.Pattern[str], what: str) -> str:
    text = fields.text(name, None)
    if text and not pattern.fullmatch(text):
        fields.problem(name, f"must be {what}")
    return text
