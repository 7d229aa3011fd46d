"""Imports as a job: a part of an uploaded file, as the person who asked."""

from models.operations import import_runs
from models.operations.bulk import work_in_batches
from models.operations.leases import Lease
from models.store import Store


def carry_out(store: Store, lease: Lease) -> bool:
    """Do a part of the import the run names."""
    work_in_batches()
    return import_runs.carry_out(store, lease)
