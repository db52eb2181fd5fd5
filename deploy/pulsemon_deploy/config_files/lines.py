"""On which line of a file something is wrong."""

import re

_HEADING = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?$")
_FIELD = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w.-]+)\s*[=:]""")
_AT_END = "at end of document"
_AT_LINE = re.compile(r"line (\d+)")


def line_of(text: str, problem: str) -> int:
    """The line, from 1, that a sentence such as ``levels.critical.limit: is missing`` is about; 1 if none fits better.

    For a field that is not there it is that of the nearest thing around it.
    """
    if match := _AT_LINE.search(problem):
        return int(match[1])
    if _AT_END in problem:
        return max(1, len(text.splitlines()))
    place, colon, _ = problem.partition(": ")
    path = place.split(".") if colon and " " not in place else []
    while path:
        if found := _line_of_path(text, path):
            return found
        path = path[:-1]
    return 1


def _line_of_path(text: str, path: list[str]) -> int:
    """0 if there is no such field. JSON has no headings: there the last name counts, behind those before it."""
    heading: list[str] = []
    passed = 0
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADING.match(line):
            heading = [part.strip().strip("\"'") for part in match[1].split(".")]
            if heading == path:
                return number
        elif match := _FIELD.match(line):
            name = [part.strip("\"'") for part in match[1].split(".")]
            if heading + name == path or (heading + name == path[:-1] and _names(line, path[-1])):
                return number
            if not heading and name == [path[passed]]:
                passed += 1
                if passed == len(path):
                    return number
    return 0


def _names(line: str, name: str) -> bool:
    """Whether an object that is written on one line has a field."""
    return re.search(rf"""["'{{,\s]{re.escape(name)}["']?\s*[=:]""", line.partition("=")[2] or line) is not None
