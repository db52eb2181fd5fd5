"""``pulsemon up``: checks, then everything, until somebody says stop."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy import ports
from pulsemon_deploy.home_lock import used
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.invocation import as_invoked
from pulsemon_deploy.roles import plan
from pulsemon_deploy.supervisor import disk
from pulsemon_deploy.supervisor.console import OWN_NAME, Console
from pulsemon_deploy.supervisor.lock import only_one
from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.loop import Loop
from pulsemon_deploy.supervisor.supervisor import Supervisor

OWN_LOG = "supervisor.log"
LINK_ADVICE = "the link works once; `pulsemon status` makes another; Ctrl-C stops everything"


@dataclass(slots=True)
class DiskWatch:
    """Looks at the free space from time to time and speaks when it changes for worse, or is well again."""

    installation: Installation
    loop: Loop
    console: Console
    known: disk.Room = disk.Room.ENOUGH

    def look(self) -> None:
        """Looks now, and again later."""
        folder = self.installation.home.root
        free = disk.free_bytes(folder)
        room = disk.judge(free)
        if room > self.known:
            level = logging.ERROR if room is disk.Room.FULL else logging.WARNING
            self.console.say(OWN_NAME, disk.sentence(room, free, folder), level)
        elif room < self.known:
            self.console.say(OWN_NAME, f"there is room on the disk again: {free / 1e6:,.0f} MB")
        self.known = room
        self.loop.after(disk.CHECK_SECONDS, self.look)


def up(installation: Installation, demo_servers: int, level: int, link: Callable[[], str]) -> bool:
    """Runs everything until SIGINT or SIGTERM; False if it could not be brought up.

    ``link`` makes the dashboard's address when it can be opened. Raises SettingsError for a port in use, HomeError,
    AlreadyRunningError, and PermanentError for a full disk; nothing was started then.
    """
    home = installation.home
    with used(home), only_one(home.lock_file):
        check_room(installation)
        ports.check_free(installation.ports)
        return _run(installation, demo_servers, level, link)


def check_room(installation: Installation) -> None:
    """PermanentError if the disk is too full to begin."""
    folder = installation.home.root
    free = disk.free_bytes(folder)
    if disk.judge(free) is disk.Room.FULL:
        raise PermanentError(f"nothing was started: {disk.refusal(free, folder)}")


def _run(installation: Installation, demo_servers: int, level: int, link: Callable[[], str]) -> bool:
    home = installation.home
    loop, own_log = Loop(), LogFile(home.logs / OWN_LOG)
    console = Console(own_log, level, sys.stdout)

    def tell_link() -> None:
        console.say(OWN_NAME, f"open {link()}", keep=False)
        console.say(OWN_NAME, as_invoked(LINK_ADVICE))

    console.say(OWN_NAME, f"data in {home.root}, logs in {home.logs}")
    supervisor = Supervisor(
        plan(installation, demo_servers), loop, console, (home.logs, home.state_file), installation.environ, tell_link
    )
    DiskWatch(installation, loop, console).look()
    try:
        is_well = supervisor.run()
        console.say(OWN_NAME, "everything is stopped; the data is kept")
    finally:
        own_log.close()
        loop.close()
    return is_well
