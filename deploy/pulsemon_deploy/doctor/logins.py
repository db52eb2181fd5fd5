"""Check of the logins that keys have at Kafka: whether they are those that the control log wants."""

import time

from pulsemon_schemas import keys
from pulsemon_schemas.errors import AuthError, PermanentError

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

CLIENT_ID = "pulsemon-operator-doctor"
ADMIN = "admin"


def logins(own: Installation) -> Finding:
    """Whether a key that is over still opens Kafka, and whether each good one does."""
    from pulsemon_deploy.control_log import opened
    from pulsemon_deploy.kafka.key_logins import KeyLogins, wanted_logins

    with opened(own.kafka("operator"), CLIENT_ID, lambda _: False) as log:
        found = keys.in_force(log.fold)
    wanted = wanted_logins(found, int(time.time() * 1000))
    try:
        drift = KeyLogins(own.kafka(ADMIN)).drift(wanted)
    except (AuthError, PermanentError):
        if wanted:
            raise
        return ok("no key is to have one; which ones Kafka has, this login may not see")
    if drift.can_be_mended:
        names = ", ".join(sorted(drift.users))
        return problem(f"these logins of keys may more or less than the control log says: {names}", "pulsemon key sync")
    if drift.lost:
        ids = " ".join(sorted({name.split("_")[1] for name in drift.lost}))
        return problem(f"no login, though it is wanted, have the keys {ids}", "pulsemon key rotate makes another one")
    return ok(f"{len(wanted)} of keys, all as the control log says")
