"""A string that never shows itself."""


class Secret(str):
    """Hidden in ``repr``, ``str`` and every format; ``reveal`` gives the text to the one call that needs it.

    >>> from pulsemon import Secret
    >>> password = Secret("x")
    >>> f"{password}", password.reveal()
    ('***', 'x')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, format_spec: str) -> str:
        return format("***", format_spec)

    def reveal(self) -> str:
        """The text itself."""
        return str.__str__(self)


NO_SECRET = Secret("")
