"""A folder with all that is in it as one text that people can read and compare.

``-- PATH --`` begins a file, whose lines follow. Behind it may stand ``escaped`` (one line of Python's escapes, for
what is no text), ``no newline`` (the last line has no end), or ``as OTHER`` (nothing follows: it is what OTHER is, an
earlier path). ``-- PATH -> TARGET --`` is a link, ``-- PATH/ --`` a folder that has nothing in it. Every path once.

``python -m support.tree_archive FILE FOLDER`` unpacks one, to be edited; ``… pack FOLDER FILE`` packs it again.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

HEADING = re.compile(r"-- (?P<path>\S+?)(?P<is_folder>/)?(?: -> (?P<target>\S+))? --(?: (?P<how>.+))?")
LOOKS_LIKE_HEADING = re.compile(rb"^-- ", re.MULTILINE)
ESCAPED, NO_NEWLINE, AS = "escaped", "no newline", "as "


def pack(folder: Path) -> str:
    """The archive of a folder, in the order of the paths. A file like the one before of its name is not repeated."""
    known: dict[tuple[str, bytes], str] = {}
    return "".join(_packed(folder, path, known) for path in sorted(folder.rglob("*")))


def unpack(text: str, folder: Path) -> None:
    """Writes what was packed. Raises ValueError with the line that makes no sense."""
    files: dict[str, bytes] = {}
    for number, heading, body in _entries(text):
        path = folder / heading["path"]
        if PurePosixPath(heading["path"]).is_absolute() or ".." in path.parts:
            raise ValueError(f"line {number}: {heading['path']} leads out of the folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        if heading["is_folder"]:
            path.mkdir()
        elif heading["target"]:
            path.symlink_to(heading["target"])
        else:
            files[heading["path"]] = _content(number, heading["how"] or "", body, files)
            path.write_bytes(files[heading["path"]])


def _packed(folder: Path, path: Path, known: dict[tuple[str, bytes], str]) -> str:
    name = path.relative_to(folder).as_posix()
    if path.is_symlink():
        return f"-- {name} -> {path.readlink()} --\n"
    if path.is_dir():
        return "" if any(path.iterdir()) else f"-- {name}/ --\n"
    content = path.read_bytes()
    # the same file at another tick has all but the first part of its path in common
    key = name.partition("/")[2], content
    if content and key in known:
        return f"-- {name} -- {AS}{known[key]}\n"
    known[key] = name
    text = _as_text(content)
    if text is None:
        return f"-- {name} -- {ESCAPED}\n{_as_escapes(content)}\n"
    return f"-- {name} --\n{text}" if not text or text.endswith("\n") else f"-- {name} -- {NO_NEWLINE}\n{text}\n"


def _as_text(content: bytes) -> str | None:
    """None for what an editor or a comparison would not show as it is."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    is_plain = all(char.isprintable() or char in "\t\n" for char in text)
    return text if is_plain and LOOKS_LIKE_HEADING.search(content) is None else None


def _as_escapes(content: bytes) -> str:
    line = content.decode("latin-1").encode("unicode_escape").decode()
    return line if not line.startswith("-") else rf"\x2d{line[1:]}"


def _entries(text: str) -> Iterator[tuple[int, re.Match[str], str]]:
    """Number of the line, heading and body of each."""
    begun: tuple[int, re.Match[str]] | None = None
    body: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.startswith("-- "):
            body.append(line)
            continue
        if begun is not None:
            yield *begun, "\n".join([*body, ""])
        heading = HEADING.fullmatch(line)
        if heading is None or (begun is None and any(body)):
            raise ValueError(f"line {number} is no heading: {line}")
        begun, body = (number, heading), []
    if begun is not None:
        yield *begun, "\n".join(body)


def _content(number: int, how: str, body: str, files: dict[str, bytes]) -> bytes:
    if how == ESCAPED:
        return body.removesuffix("\n").encode("ascii").decode("unicode_escape").encode("latin-1")
    if how == NO_NEWLINE:
        return body.removesuffix("\n").encode()
    if how.startswith(AS) and how.removeprefix(AS) in files and not body:
        return files[how.removeprefix(AS)]
    if how:
        raise ValueError(f"line {number} ends with {how!r}, which means nothing here")
    return body.encode()


def main(first: str, second: str, third: str = "") -> None:
    """See the module."""
    if first == "pack":
        Path(third).write_text(pack(Path(second)))
    else:
        unpack(Path(first).read_text(), Path(second))


if __name__ == "__main__":
    main(*sys.argv[1:])
