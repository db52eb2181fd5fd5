import re
from pathlib import Path

import pytest
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.probe.settings import ProbeSettings
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.roster import roster
from pulsemon_producers.custom.scrape.settings import ScrapeSettings
from pulsemon_producers.custom.settings import CustomSettings, custom_settings
from pulsemon_producers.custom.text_files.settings import TextFileSettings
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.secret import Secret

FILE = """
[agent]
interval_seconds = 5

[[probe]]
name = "shop"
url = "https://shop.example/health"
status = [200, 204]
authorization_file = "{folder}/key"

[[probe]]
name = "mail"
url = "tcp://mail.example:25"
timeout_seconds = 2

[[scrape]]
name = "app"
url = "http://127.0.0.1:9100/metrics"

[[exec]]
name = "raid"
path = "/usr/local/lib/pulsemon/raid"
arguments = ["--all"]

[textfile]
folder = "/var/lib/pulsemon/text"
"""


def problems(folder: Path, text: str, packages: tuple[str, ...] = ()) -> tuple[str, ...]:
    (folder / "agent.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        custom_settings(folder / "agent.toml", packages)
    return caught.value.problems


def test_a_file_adds_rows_of_each_kind(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("Bearer abc\n")
    (tmp_path / "agent.toml").write_text(FILE.format(folder=tmp_path))

    settings = custom_settings(tmp_path / "agent.toml", ("queue",))

    assert settings == CustomSettings(
        packages=("queue",),
        probes=(
            ProbeSettings("shop", "https://shop.example/health", status=(200, 204), authorization=Secret("Bearer abc")),
            ProbeSettings("mail", "tcp://mail.example:25", timeout_seconds=2.0),
        ),
        scrapes=(ScrapeSettings("app", "http://127.0.0.1:9100/metrics"),),
        programs=(ProgramSettings("raid", Path("/usr/local/lib/pulsemon/raid"), ("--all",)),),
        folder=TextFileSettings(Path("/var/lib/pulsemon/text")),
    )
    names = [collector.name for collector in roster(Host(), settings)]
    assert names == ["custom.queue", "exec.raid", "textfile", "probe.shop", "probe.mail", "scrape.app"]


def test_without_a_file_nothing_is_added() -> None:
    assert list(roster(Host(), custom_settings(None))) == []


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = """
[[probe]]
name = "a"
url = "http://x"
timeout_second = 3
[[probe]]
name = "b"
url = "ftp://x"
[[scrape]]
name = "c"
url = "http://x"
[[scrape]]
name = "c"
url = "http://y"
[[exec]]
name = "d"
path = "bin/d"
[textfile]
folder = "/x"
max_age_seconds = "1h"
"""
    assert problems(tmp_path, text, ("a b",)) == (
        "PULSEMON_AGENT_COLLECTORS: name 'a b': use 1 to 63 letters, digits, _ . -, and begin with a letter or digit",
        "[[probe]] 1 timeout_second is not a setting; did you mean [[probe]] 1 timeout_seconds?",
        "[[probe]] 2: url 'ftp://x': write http:// or https:// or tcp:// or tls:// and a host",
        "[[exec]] 1: path 'bin/d': write an absolute path without ..",
        "[textfile] max_age_seconds='1h': write a number",
    )


def test_two_rows_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    row = '[[scrape]]\nname = "c"\nurl = "http://x"\n'

    assert problems(tmp_path, row * 2) == ("[[scrape]] has the name 'c' 2 times: give each its own",)


def test_there_is_one_folder(tmp_path: Path) -> None:
    row = '[[textfile]]\nfolder = "/x"\n'

    assert problems(tmp_path, row * 2) == ("[textfile] comes more than once: keep one",)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('[[probe]]\nname = "-"\nurl = "http://x"', "name '-': use 1 to 63"),
        ('[[probe]]\nname = "a"\nurl = "tcp://x"', "tcp:// needs a port"),
        ('[[probe]]\nname = "a"\nurl = "http://x:99999"', "Port out of range"),
        ('[[probe]]\nname = "a"\nurl = "http://x/a b"', "write http://"),
        ('[[probe]]\nname = "a"\nurl = "http://me:secret@x"', "write them as authorization_file"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nbody = "("', "body '(' is no pattern"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nmethod = "PUT"', "use one of GET, HEAD, POST, OPTIONS"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nheaders = ["X"]', "must be written as 'Name: value'"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nheaders = ["X: a\\r\\nY: b"]', "must be written as 'Name: value'"),
        ('[[probe]]\nname = "a"\nurl = "tcp://x:1"\nstatus = [200]', "are for http:// and https:// alone"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nca_file = "ca.pem"', "ca_file 'ca.pem': write an absolute path"),
        ('[[scrape]]\nname = "a"\nurl = "http://x"\nprefix = "custom."', "prefix 'custom.': use letters"),
        ('[[scrape]]\nname = "a"\nurl = "http://x"\nsamples = 0', "samples must be from 1 to 20000"),
        ('[[scrape]]\nname = "a"\nurl = "http://x"\ntimeout_seconds = 0', "timeout_seconds must be from 0.1 to 300"),
        ('[[exec]]\nname = "a"\npath = "/a/../b"', "write an absolute path without .."),
        ('[[exec]]\nname = "a"\npath = "/a"\ninterval_seconds = 0.5', "interval_seconds must be from 1 to 86400"),
        ('[textfile]\nfolder = "text"', "folder 'text': write an absolute path"),
        ('[[probe]]\nname = "a"\nurl = "http://x/é"', "write it in ASCII"),
        ('[[probe]]\nname = "a"\nurl = "http://x"\nheaders = ["X: é"]', "must be written as 'Name: value', in ASCII"),
        ('[textfile]\nfolder = "/text"\nmax_age_seconds = nan', "max_age_seconds must be above 0"),
        ('[textfile]\nfolder = "/text"\nmax_age_seconds = 0', "max_age_seconds must be above 0"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, row: str, told: str) -> None:
    (problem,) = problems(tmp_path, f"{row}\n")

    assert re.search(re.escape(told), problem)
    assert "secret" not in problem
