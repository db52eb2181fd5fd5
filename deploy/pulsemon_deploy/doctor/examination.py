"""All checks in order; one that needs another to be well is passed over if it is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulsemon_schemas.errors import PulsemonError

from pulsemon_deploy.doctor import broker, dashboard, gateway, logins, machine, readers, rules, store, store_sizes
from pulsemon_deploy.doctor.finding import Finding, Verdict, problem, skipped
from pulsemon_deploy.errors import one_line
from pulsemon_deploy.extras import missing_extra
from pulsemon_deploy.installation import Installation


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    look: Callable[[Installation], Finding]
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("python", machine.python),
    Check("settings", machine.settings),
    Check("home", machine.home),
    Check("disk", machine.room),
    Check("ports", machine.free_ports),
    Check("supervisor", machine.supervisor),
    Check("kafka", broker.login),
    Check("topics", broker.topics, ("kafka",)),
    Check("clickhouse", store.login),
    Check("migrations", store.migrations, ("clickhouse",)),
    Check("sink", readers.sink, ("topics",)),
    Check("processor", readers.processor, ("topics",)),
    Check("rules", rules.rules, ("topics",)),
    Check("logins", logins.logins, ("topics",)),
    Check("readers", readers.others, ("topics",)),
    Check("agent", store.agent, ("migrations",)),
    Check("dashboard", dashboard.page),
    Check("gateway", gateway.control_api, ("home",)),
    Check("dead letters", broker.dead_letters, ("topics",)),
    Check("storage", store.size, ("migrations",)),
    Check("tables", store_sizes.sizes, ("migrations",)),
    Check("restore", store_sizes.whole, ("clickhouse",)),
)


def examine(own: Installation) -> Iterator[tuple[str, Finding]]:
    """Name and finding of each check, as soon as it is known."""
    verdicts: dict[str, Verdict] = {}
    for check in CHECKS:
        ill = [name for name in check.needs if verdicts[name] is not Verdict.OK]
        finding = skipped(f"not looked at, because of: {', '.join(ill)}") if ill else _look(check, own)
        verdicts[check.name] = finding.verdict
        yield check.name, finding


def _look(check: Check, own: Installation) -> Finding:
    """What a check raises is a finding too: the report goes on."""
    try:
        return check.look(own)
    except ModuleNotFoundError as error:
        sentence = missing_extra(error)
        if sentence is None:
            raise
        return problem(f"{sentence.module} is not installed", f"pip install 'pulsemon[{sentence.extra}]'")
    except PulsemonError as error:
        return problem(one_line(error), "see the sentence before")
    except Exception as error:  # noqa: BLE001 - a report about what is broken must not break
        return problem(f"{type(error).__name__}: {error}", "see the logs")
