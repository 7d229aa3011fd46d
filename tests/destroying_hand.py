"""A hand on a case in a process of its own, for tests that kill it: run as a program.

Arguments: URL, database, folder, case, and where it dies: `never`, `<step>:<n>` (SIGKILL to itself after the n-th batch
of a step, before its items move on is `<step>-:<n>`), or `slow` (it says each batch on stdout and waits to be killed).
"""

import os
import signal
import sys
import time
from pathlib import Path

from models.operations import destruction, erasing
from tests.own_store import open_own_store

NAMES = {"lock": "pending", "tombstone": "locked", "key": "tombstoned", "data": "key_gone", "copies": "data_gone"}
CHECK = "check"


def main() -> None:
    url, name, folder, case, death, batch = sys.argv[1:7]
    store = open_own_store(url, name, Path(folder))
    step, _, number = death.partition(":")
    _arm(step, int(number or 1))
    while True:
        outcome = destruction.step(store, case, batch=int(batch), lease_seconds=0.5)
        if outcome not in (destruction.Outcome.AGAIN,):
            break
    store.audit.close()
    print(outcome.value, flush=True)


def _arm(step: str, number: int) -> None:
    if step == "never":
        return
    if step == "slow":
        for state, work in erasing.STEPS.items():
            erasing.STEPS[state] = _told(work)  # type: ignore[index]
        return
    if step.rstrip("-") == CHECK:
        _patch(destruction.checking, "check", number, before=False)
        return
    if step.endswith("-"):  # its effects stand, its items have not moved
        _patch(erasing.Work, "moved", _nth(step[:-1], number), before=True)
        return
    state = erasing.ItemState(NAMES[step])
    erasing.STEPS[state] = _deadly(erasing.STEPS[state], number, before=False)  # type: ignore[index]


def _nth(step: str, number: int) -> int:
    """The first `number - 1` batches go through all five steps; then the move of the wanted one is the n-th."""
    return (number - 1) * len(NAMES) + list(NAMES).index(step) + 1


def _patch(owner, name, number, *, before):
    setattr(owner, name, _deadly(getattr(owner, name), number, before=before))


def _deadly(work, number, *, before):
    calls = [0]

    def call(*args, **kwargs):
        calls[0] += 1
        if before and calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*args, **kwargs)
        if calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


def _told(work):
    def call(*args, **kwargs):
        result = work(*args, **kwargs)
        print("batch", flush=True)
        time.sleep(0.005)
        return result

    return call


if __name__ == "__main__":
    main()
