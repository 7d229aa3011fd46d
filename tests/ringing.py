"""Jobs for the tests of the worker."""

import os

from jobs import worker

SECRET = "张三的身份证 110101199003070011"


def note(word):
    """Write into the store of the job, and in the log."""
    from models.audit.log import Entry

    store = worker.store()
    store.data.rung.insert_one({"_id": word, "pid": os.getpid()})
    store.audit.append(Entry(action="test:ring", actor="worker"))


def fail(word):
    """Fail with text that no queue may keep."""
    raise ValueError(f"{SECRET} {word}")
