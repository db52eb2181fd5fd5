from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import NO_SECRET, Secret, check_tables, load, load_rows, table_name

PREFIX = "PULSEMON_THING_"


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    port: int = 1
    interval_seconds: float = 10.0
    is_on: bool = False
    folder: Path | None = None
    tags: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    mode: Literal["fast", "safe"] = "safe"
    password: Secret = NO_SECRET
    ca_file: str = ""

    def __post_init__(self) -> None:
        if self.port == 13:
            raise ValueError("port 13 is taken")


def problems(environ: dict[str, str], file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(Thing, PREFIX, environ, file)
    return caught.value.problems


def written(folder: Path, text: str) -> Path:
    file = folder / "thing.toml"
    file.write_text(text)
    return file


def test_defaults_hold_where_nothing_is_said() -> None:
    assert load(Thing, PREFIX, {f"{PREFIX}NAME": "a"}) == Thing(name="a")


def test_every_type_is_read_from_the_environment() -> None:
    environ = {
        "NAME": "a=b",
        "PORT": "9092",
        "INTERVAL_SECONDS": "2.5",
        "IS_ON": "True",
        "FOLDER": "/srv/x",
        "TAGS": "a, b,",
        "SIZES": "1,2",
        "MODE": "fast",
        "PASSWORD": "s3cret",
        "CA_FILE": "/ca.pem",
    }

    thing = load(Thing, PREFIX, {PREFIX + name: text for name, text in environ.items()} | {"HOME": "/root"})

    assert thing == Thing(
        "a=b", 9092, 2.5, True, Path("/srv/x"), ("a", "b"), (1, 2), "fast", Secret("s3cret"), "/ca.pem"
    )
    assert thing.password.reveal() == "s3cret"


def test_every_type_is_read_from_the_table_of_a_file(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        [thing]
        name = "a"
        port = 9092
        interval_seconds = 2
        is_on = true
        folder = "/srv/x"
        tags = ["a", "b"]
        sizes = [1, 2]
        mode = "fast"
        password = "s3cret"
        [other]
        anything = 1
        """,
    )

    expected = Thing("a", 9092, 2.0, True, Path("/srv/x"), ("a", "b"), (1, 2), "fast", Secret("s3cret"))
    assert load(Thing, PREFIX, {}, file) == expected


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[thing]\nname = "file"\nport = 5\n')

    assert load(Thing, PREFIX, {f"{PREFIX}NAME": "environment"}, file) == Thing("environment", 5)


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")

    by_environment = load(Thing, PREFIX, {f"{PREFIX}NAME": "a", f"{PREFIX}PASSWORD_FILE": str(secret)})
    by_file = load(Thing, PREFIX, {}, written(tmp_path, f'[thing]\nname = "a"\npassword_file = "{secret}"\n'))

    assert by_environment.password.reveal() == by_file.password.reveal() == "s3cret"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        {
            f"{PREFIX}PORT": "many",
            f"{PREFIX}INTERVAL_SECONDS": "soon",
            f"{PREFIX}IS_ON": "perhaps",
            f"{PREFIX}MODE": "slow",
            f"{PREFIX}SIZES": "1,x",
            f"{PREFIX}FOLDR": "/",
            f"{PREFIX}PASSWORD_FILE": str(tmp_path / "none"),
        }
    )

    assert found == (
        f"{PREFIX}PORT='many': use a whole number",
        f"{PREFIX}INTERVAL_SECONDS='soon': use a number",
        f"{PREFIX}IS_ON='perhaps': use true or false",
        f"{PREFIX}MODE='slow': use one of fast, safe",
        f"{PREFIX}SIZES='1,x': use a whole number",
        f"{PREFIX}FOLDR is not a setting; did you mean {PREFIX}FOLDER?",
        f"{PREFIX}PASSWORD_FILE='{tmp_path / 'none'}': cannot be read (No such file or directory)",
        f"{PREFIX}NAME is required",
    )


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_true(text: str) -> None:
    assert load(Thing, PREFIX, {f"{PREFIX}NAME": "a", f"{PREFIX}IS_ON": text}).is_on


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_false(text: str) -> None:
    assert not load(Thing, PREFIX, {f"{PREFIX}NAME": "a", f"{PREFIX}IS_ON": text}).is_on


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('port = "1"', "[thing] port='1': write a whole number"),
        ("port = true", "[thing] port=True: write a whole number"),
        ("interval_seconds = false", "[thing] interval_seconds=False: write a number"),
        ("is_on = 1", "[thing] is_on=1: write true or false"),
        ("folder = 3", "[thing] folder=3: write a path in quotes"),
        ('tags = "a"', "[thing] tags='a': write a list"),
        ("tags = [1]", "[thing] tags=[1]: write a text in quotes"),
        ('mode = "slow"', "[thing] mode='slow': use one of fast, safe"),
        ("password = 5", "[thing] password=***: write a text in quotes"),
        ("password_file = 5", "[thing] password_file=5: cannot be read"),
        ("prot = 1", "[thing] prot is not a setting; did you mean [thing] port?"),
    ],
)
def test_a_wrong_item_of_a_file_is_told_with_what_to_write(tmp_path: Path, line: str, problem: str) -> None:
    (found,) = problems({f"{PREFIX}NAME": "a"}, written(tmp_path, f"[thing]\n{line}\n"))

    assert found.startswith(problem)


def test_a_secret_is_never_part_of_a_problem(tmp_path: Path) -> None:
    both = problems({f"{PREFIX}NAME": "a", f"{PREFIX}PASSWORD": "hunter2", f"{PREFIX}PASSWORD_FILE": "/x"})

    assert both == (f"{PREFIX}PASSWORD_FILE and the secret itself are both set: keep one",)


def test_variables_are_in_capitals() -> None:
    (found,) = problems({f"{PREFIX}NAME": "a", f"{PREFIX}Port": "1"})

    assert found == f"{PREFIX}Port is not a setting; did you mean {PREFIX}PORT?"


def test_a_path_that_is_set_to_nothing_is_not_set(tmp_path: Path) -> None:
    file = written(tmp_path, '[thing]\nname = "a"\nfolder = "/data"\n')
    environ = {f"{PREFIX}FOLDER": "", f"{PREFIX}PASSWORD_FILE": ""}

    thing = load(Thing, PREFIX, environ, file)

    assert thing.folder == Path("/data")
    assert thing.password == NO_SECRET


def test_what_the_program_itself_says_comes_last(tmp_path: Path) -> None:
    file = written(tmp_path, '[thing]\nname = "file"\n')
    defaults = {"name": "own", "port": "2", "folder": "/own"}

    thing = load(Thing, PREFIX, {f"{PREFIX}PORT": "3"}, file, defaults)

    assert (thing.name, thing.port, thing.folder) == ("file", 3, Path("/own"))


def test_values_that_do_not_go_together_are_a_problem() -> None:
    assert problems({f"{PREFIX}NAME": "a", f"{PREFIX}PORT": "13"}) == (f"{PREFIX}*: port 13 is taken",)


def test_what_does_not_fit_together_is_told_with_where_it_came_from(tmp_path: Path) -> None:
    file = written(tmp_path, '[thing]\nname = "a"\nport = 13\n')

    assert problems({}, file) == ("[thing]: port 13 is taken",)
    assert problems({f"{PREFIX}MODE": "fast"}, file) == (f"[thing] and {PREFIX}*: port 13 is taken",)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (absent,) = problems({}, tmp_path / "none.toml")
    (broken,) = problems({}, written(tmp_path, "[thing"))

    assert absent == f"{tmp_path / 'none.toml'} cannot be read (No such file or directory)"
    assert broken.startswith(f"{tmp_path / 'thing.toml'} cannot be read (")


def test_settings_stand_in_a_table(tmp_path: Path) -> None:
    assert table_name("PULSEMON_CLICKHOUSE_") == "clickhouse"
    assert problems({f"{PREFIX}NAME": "a"}, written(tmp_path, "thing = 1"))[0].endswith(
        "must be a table: write [thing]"
    )


def test_a_table_of_nobody_is_a_problem(tmp_path: Path) -> None:
    file = written(tmp_path, '[thing]\nname = "a"\n[kafak]\nbootstrap = "x:1"\n')

    check_tables(file, [PREFIX, "PULSEMON_KAFAK_"])
    with pytest.raises(SettingsError) as caught:
        check_tables(file, [PREFIX, "PULSEMON_KAFKA_"])
    assert caught.value.problems == (f"[kafak] in {file} is not a table of settings; did you mean kafka?",)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int = 1
    key: Secret = NO_SECRET

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("size must not be negative")


def test_each_row_of_a_table_is_an_instance(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hidden\n")
    text = (
        f'[[part]]\nname = "a"\n[[part]]\nname = "b"\nsize = 2\nkey_file = "{tmp_path / "key"}"\n[lone]\nname = "c"\n'
    )

    rows = load_rows({"part": Part, "lone": Part, "none": Part}, written(tmp_path, text))

    assert rows == {"part": (Part("a"), Part("b", 2, Secret("hidden"))), "lone": (Part("c"),), "none": ()}


def test_all_that_is_wrong_with_rows_is_told_at_once_with_table_number_and_key(tmp_path: Path) -> None:
    text = """
other = 1
[[part]]
nam = "a"
[[part]]
name = "b"
size = "2"
key = 3
[[part]]
name = "c"
size = -1
[lone]
size = 1
"""
    with pytest.raises(SettingsError) as caught:
        load_rows({"part": Part, "lone": Part, "other": Part}, written(tmp_path, text))

    assert caught.value.problems == (
        "[[part]] 1 nam is not a setting; did you mean [[part]] 1 name?",
        "[[part]] 1 name is required",
        "[[part]] 2 size='2': write a whole number",
        "[[part]] 2 key=***: write a text in quotes",
        "[[part]] 3: size must not be negative",
        "[lone] name is required",
        "other must be a table: write [[other]]",
    )
