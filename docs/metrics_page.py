"""Prints docs/metrics.md, made from the catalogue."""  # noqa: INP001

import itertools

from pulsemon_schemas.catalogue import METRICS, Metric

HEAD = """# Metrics

Made from the catalogue by `docs/metrics_page.py`; do not edit. `pulsemon metric show NAME` tells all about one.

Units are UCUM: `1` is a share from 0 to 1, `By` bytes, `{thing}` a count of things. A counter only grows until the host
boots; a gauge and an up-down amount mean something by themselves, the latter also added up over its labels. ★ marks the
headline metrics, whose newest values are kept at hand, ○ those that are sent only if `PULSEMON_AGENT_ENABLE` asks for
them. Labels may have any value where none is listed.

Totals and rates are both sent. A rate needs two readings, so the first tick has none; a total that fell within one
boot is not sent, and counted in `pulsemon.agent.collect.errors`.

## What is collected

- **Choosing.** `PULSEMON_AGENT_ENABLE` and `PULSEMON_AGENT_DISABLE` have names or patterns (`system.cpu.logical.*`);
  what is off costs nothing. Each CPU by itself has names of its own (`system.cpu.logical.time`), so that the sum over
  the labels of `system.cpu.time` counts nothing twice.
- **Processes.** Every 30 s the `PULSEMON_AGENT_TOP_PROCESSES` biggest programs by CPU, memory, disk bytes and
  descriptors, all processes of one name together. Names only: command lines never leave the host. Threads of the
  kernel of one kind count as one. Disk bytes of processes of other users, and before Linux 6.2 their
  descriptors, take root or the capabilities that [the agent](agent.md#as-a-service) tells of.
- **Watches.** `PULSEMON_AGENT_WATCH_PROCESSES=nginx,shop=*java*shop.jar*`: `process.up` is 1 while a process fits, by
  its name or its command line; with it come threads, descriptors, uptime, CPU, memory and disk bytes under the name
  of the watch.
- **Services.** With systemd, services that failed or keep starting anew, and from then on; those of
  `PULSEMON_AGENT_WATCH_UNITS` always, under the name that is set there, also if it is an alias (`mysql` of mariadb's).
  `systemctl` is asked every 30 s.
- **Containers.** Docker, Podman, Kubernetes, containerd, LXC and systemd-nspawn, by their control groups (version 1
  or 2); no engine is asked. Names come from the engines' own folders where the agent may read them (as root), else
  the short id stands for the name.
- **In a container** `system.cpu.limit`, `system.load.per_cpu` and `system.memory.available.ratio` heed what the
  container may take; the other names tell of the host. The container itself is `container.id=self`. Limits of the
  agent's own systemd unit are not the host's and change nothing.
- **From services**, under `application`: what the middleware, the handler of log records and `watch_process` of
  [the library](library.md) send with each flush. A client's own labels come in addition.
- **Sensors, RAID, conntrack, pressure, swap** are sent where the host has them.
- **When a filesystem will be full** no collector tells: a forecast takes hours of values, which an agent does not keep.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for group, metrics in itertools.groupby(METRICS, key=lambda one: one.group):
        parts.append(f"\n## {group}\n\n| metric | kind, unit | every | labels | meaning |\n|---|---|---|---|---|\n")
        parts.extend(_row(one) for one in metrics)
    return "".join(parts)


def _row(one: Metric) -> str:
    name = f"`{one.name}`{' ★' if one.headline else ''}{'' if one.default_on else ' ○'}"
    labels = "; ".join(f"{key} ({', '.join(values)})" if values else key for key, values in one.attributes.items())
    return (
        f"| {name} | {one.instrument}, {one.unit} | {one.interval_seconds} s | {labels or '—'} | {one.description} |\n"
    )


if __name__ == "__main__":
    print(page(), end="")
