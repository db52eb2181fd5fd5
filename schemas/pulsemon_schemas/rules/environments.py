"""Alerts about an environment as a whole: the reserved id under which they stand where others have a server's."""

PREFIX = "_env:"
"""No server's id begins so. The alerts lie in topics and tables under this id, as those of a server under its own."""
LABEL = "environment"


def environment_id(environment: str) -> str:
    """The id of an environment; the servers that have none form one too, whose name is empty."""
    return f"{PREFIX}{environment}"


def environment_of(server_id: str) -> str | None:
    """The environment that an id stands for; None if it is a server's."""
    return server_id.removeprefix(PREFIX) if server_id.startswith(PREFIX) else None
