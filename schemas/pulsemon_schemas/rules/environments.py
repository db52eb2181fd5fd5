"""Alerts about an environment as a whole, or a group of servers: the reserved id that they have in a server's place."""

PREFIX = "_env:"
"""No server's id begins so. The alerts lie in topics and tables under this id, as those of a server under its own."""
LABEL = "environment"


def environment_id(environment: str) -> str:
    """The id of an environment; the servers that have none form one too, whose name is empty."""
    return f"{PREFIX}{environment}"


def group_name(rule_id: str, labels: str) -> str:
    """The name under which a rule's group of servers stands where an environment does: its rule and its labels."""
    return f"{rule_id}{{{labels}}}"


def environment_of(server_id: str) -> str | None:
    """The environment that an id stands for; None if it is a server's."""
    return server_id.removeprefix(PREFIX) if server_id.startswith(PREFIX) else None
