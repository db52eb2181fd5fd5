"""Checks of the machine and the home; nothing needs to run."""

import importlib.metadata
import importlib.util
import platform
import stat

from pulsemon_deploy import ports
from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.errors import EXTRAS
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.supervisor import disk
from pulsemon_deploy.supervisor.lock import holder

# What `pulsemon up` needs.
NEEDED_EXTRAS = frozenset({"cli", "processor", "sink", "ui", "local"})


def python(_own: Installation) -> Finding:
    """The interpreter, and which extras are complete."""
    missing = [module for module, extra in EXTRAS.items() if extra in NEEDED_EXTRAS and not _is_there(module)]
    found = f"Python {platform.python_version()}, pulsemon {importlib.metadata.version('pulsemon')}"
    if missing:
        return problem(f"{found}; missing: {', '.join(missing)}", "pip install 'pulsemon[local]'")
    return ok(f"{found}, all that `pulsemon up` needs is installed")


def home(own: Installation) -> Finding:
    """The layout and who may read the secrets."""
    root, version = own.home.root, own.home.version()
    if version is None:
        return ok(f"{root}: nothing there yet, `pulsemon up` makes it")
    open_to_others = [path for path in own.home.secrets.glob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if stat.S_IMODE(own.home.secrets.stat().st_mode) & 0o077:
        open_to_others.insert(0, own.home.secrets)
    if open_to_others:
        return problem(f"others may read {open_to_others[0]}", f"chmod -R go= {own.home.secrets}")
    return ok(f"{root}, layout {version}, secrets are the owner's alone")


def room(own: Installation) -> Finding:
    """The disk of the home."""
    free = disk.free_bytes(own.home.root)
    judged = disk.judge(free)
    if judged is disk.Room.ENOUGH:
        return ok(f"{free / 1e9:,.1f} GB free at {own.home.root}")
    return problem(disk.sentence(judged, free, own.home.root), "free some space, or set PULSEMON_LOCAL_HOME")


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


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
