"""Counts in a parent and in four children, sixteen threads each: ``forks.py os|multiprocessing|spawn CALLS``."""

import multiprocessing
import os
import sys
import threading
from multiprocessing.context import ForkContext, SpawnContext

from support.services.shop import make_client

CHILDREN = 4
THREADS = 16

client = make_client()
hits = client.counter("shop.hits")
depth = client.gauge("shop.depth")


def work(calls: int) -> None:
    """Every thread counts, in three ways."""

    def count() -> None:
        for _ in range(calls - 2):
            hits.add()
        client.count("shop.hits")
        client.counter("shop.hits").add(1)

    threads = [threading.Thread(target=count) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def with_os(calls: int) -> None:
    """Children by os.fork, which end in the ordinary way."""
    children = []
    for _ in range(CHILDREN):
        child = os.fork()
        if not child:
            work(calls)
            sys.exit(0)
        children.append(child)
    work(calls)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * CHILDREN


def with_multiprocessing(calls: int) -> None:
    """Children of multiprocessing that are forked, which never call the handlers of atexit."""
    run_in(multiprocessing.get_context("fork"), calls)


def with_spawn(calls: int) -> None:
    """Children that import this module, and so have clients of their own."""
    run_in(multiprocessing.get_context("spawn"), calls)


def run_in(context: ForkContext | SpawnContext, calls: int) -> None:
    """Counts here and in children of multiprocessing."""
    children = [context.Process(target=work, args=(calls,)) for _ in range(CHILDREN)]
    for child in children:
        child.start()
    work(calls)
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * CHILDREN


if __name__ == "__main__":
    # what the parent has before the forks is its own alone
    hits.add(7)
    depth.set(5)
    assert client.flush(20)
    hits.add(5)
    {"os": with_os, "multiprocessing": with_multiprocessing, "spawn": with_spawn}[sys.argv[1]](int(sys.argv[2]))
