"""Checks of the machine and the home; nothing needs to run."""

import importlib.metadata
import platform
import stat

from pulsemon_schemas.errors import SettingsError

from pulsemon_deploy import ports
from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.errors import one_line
from pulsemon_deploy.extras import missing_modules, needed_extras
from pulsemon_deploy.home import OTHERS
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.settings_check import check_settings
from pulsemon_deploy.supervisor import disk
from pulsemon_deploy.supervisor.lock import holder


def python(own: Installation) -> Finding:
    """The interpreter, and which extras are complete."""
    missing = missing_modules(needed_extras(own.has_own_kafka or own.has_own_clickhouse))
    found = f"Python {platform.python_version()}, pulsemon {importlib.metadata.version('pulsemon')}"
    if missing:
        return problem(f"{found}; missing: {', '.join(missing)}", "pip install 'pulsemon[local]'")
    return ok(f"{found}, all that `pulsemon up` needs is installed")


def settings(own: Installation) -> Finding:
    """The variables and the file of settings."""
    try:
        check_settings(own.environ)
    except SettingsError as error:
        return problem(one_line(error), "mend these names and values; docs/operations.md lists the settings")
    return ok(f"read from {own.config.file or 'the environment'}")


def home(own: Installation) -> Finding:
    """The layout and who may read it."""
    root, version = own.home.root, own.home.version()
    if own.home.foreign():
        return problem(f"{root} is not empty, and Pulse Monitor did not make it", "set PULSEMON_LOCAL_HOME")
    if version is None:
        return ok(f"{root}: nothing there yet, `pulsemon up` makes it")
    private = (root, own.home.secrets, *own.home.secrets.glob("*"))
    if open_to_others := [path for path in private if path.exists() and stat.S_IMODE(path.stat().st_mode) & OTHERS]:
        return problem(f"others may read {open_to_others[0]}", f"chmod go= {' '.join(map(str, open_to_others))}")
    return ok(f"{root}, layout {version}, the owner's alone")


def room(own: Installation) -> Finding:
    """The disk of the home."""
    free = disk.free_bytes(own.home.root)
    judged = disk.judge(free)
    if judged is disk.Room.ENOUGH:
        return ok(f"{free / 1e9:,.1f} GB free at {own.home.root}")
    return problem(disk.left(free, own.home.root), disk.ADVICE)


def free_ports(own: Installation) -> Finding:
    """The ports; while everything runs, they are in use by ourselves."""
    numbers = " ".join(map(str, own.ports.values()))
    if holder(own.home.lock_file):
        return ok(f"{numbers} are in use by Pulse Monitor itself")
    taken = {name: port for name, port in own.ports.items() if not ports.is_free(port)}
    if taken:
        return problem(
            "; ".join(f"{port} is in use by {ports.owner(port) or 'another program'}" for port in taken.values()),
            f"end that program, or set {', '.join(taken)} to a free port",
        )
    return ok(f"{numbers} are free")


def supervisor(own: Installation) -> Finding:
    """Whether `pulsemon up` runs, and all its roles."""
    from pulsemon_deploy.supervisor.status import look

    status = look(own.home, 0.01)
    if not status.pid:
        return problem("nothing runs here", "pulsemon up")
    ill = [
        f"{role.name} is {role.state}{': ' if role.message else ''}{role.message}"
        for role in status.roles
        if role.state not in ("ready", "done")
    ]
    if ill:
        logs = ", ".join(role.log for role in status.roles if role.state not in ("ready", "done"))
        return problem("; ".join(ill), f"read {logs}")
    return ok(f"process {status.pid}, {len(status.roles) - 1} roles, {status.rss_mb:,.0f} MB together")
