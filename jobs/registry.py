"""Every kind of job: what people call it, when it is due, and the function that does a part of it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from models.errors import N_
from models.lifecycle.slots import Schedule, parse_schedule
from models.operations.leases import Lease
from models.store import Store

Work = Callable[[Store, Lease], bool]
"""Does a bounded part of a run; True: nothing is left. Safe to call at any time, any number of times."""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind.

    :param title: marked for translation
    :param seconds: how long a lease holds between two signs of progress
    :param schedule: as `models.lifecycle.slots` reads it; None: only when asked for
    :param work: `jobs.<module>:<function>`, imported where the work is done
    :param startable: whether the page of the jobs may ask for a run of it, which then takes no parameters
    """

    kind: str
    title: str
    queue: str
    seconds: int
    schedule: str | None
    work: str
    startable: bool = True

    @property
    def slots(self) -> Schedule | None:
        """When it is due by itself."""
        return parse_schedule(self.schedule) if self.schedule else None

    def load(self) -> Work:
        """The function."""
        module, _, name = self.work.partition(":")
        return getattr(import_module(module), name)


def by_kind(*jobs: Job) -> dict[str, Job]:
    """:raises ValueError: two of one kind"""
    found = {job.kind: job for job in jobs}
    if len(found) < len(jobs):
        raise ValueError("two jobs of one kind")
    return found


JOBS: dict[str, Job] = by_kind(
    Job("destruction", N_("Destruction of approved cases"), "destroy", 60, None, "jobs.destruction:carry_out", False),
    Job("retention_scan", N_("Retention scan"), "destroy", 120, "03:00", "jobs.retention:scan"),
    Job("verification", N_("Verification"), "verify", 60, "02:00", "models.operations.verification:work"),
    Job("import", N_("Import"), "default", 120, None, "jobs.imports:carry_out", False),
)
