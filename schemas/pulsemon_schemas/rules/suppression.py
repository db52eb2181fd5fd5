"""What keeps an alert from paging, in words: people silence, an alert about the whole environment inhibits."""

from collections.abc import Iterable

INHIBITION = "alert/"
"""How the name of an alert begins among what suppresses another."""
SILENCED, INHIBITED = "silenced", "inhibited"


def inhibitor(alert_id: str) -> str:
    """The name of an alert that inhibits others."""
    return f"{INHIBITION}{alert_id}"


def suppression_word(suppressed_by: Iterable[str]) -> str:
    """``silenced``, ``inhibited`` if nothing but alerts does it, "" if nothing does."""
    names = tuple(suppressed_by)
    if not names:
        return ""
    return INHIBITED if all(name.startswith(INHIBITION) for name in names) else SILENCED


def suppression_text(suppressed_by: Iterable[str], id_characters: int | None = None) -> str:
    """``silenced by silence/night, inhibited by alert/1f…``; ids of alerts can be cut to so many characters."""
    names = tuple(suppressed_by)
    quiet = [name for name in names if not name.startswith(INHIBITION)]
    alerts = [inhibitor(name.removeprefix(INHIBITION)[:id_characters]) for name in names if name not in quiet]
    parts = [f"{word} by {', '.join(found)}" for word, found in ((SILENCED, quiet), (INHIBITED, alerts)) if found]
    return ", ".join(parts)
