"""The doorbell: a queue carries the id of a run and nothing else. What is lost here the ticker rings again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from jobs.registry import JOBS
from jobs.worker import QUEUES, queue
from models.operations import runs
from models.store import Store

RING_SECONDS = 300
"""A ring nobody answered is worth nothing after this: the ticker has rung again."""
GRACE_SECONDS = 30
MOST_WAITING = 1000
ANSWER_SECONDS = 1.0
log = logging.getLogger("dossier.bell")


def ring(redis: Redis | str | None, run_id: str, kind: str) -> bool:
    """Wake a worker for a run. False: nobody heard it, the ticker will ring.

    :param redis: a connection, or the URL of one
    """
    if not redis:
        return False
    try:
        with connected(redis) as connection:
            return _ring(connection, run_id, kind)
    except RedisError as fault:
        log.warning("redis does not answer: %s", type(fault).__name__)
        return False


def ring_ready(store: Store, redis: Redis | str | None) -> int:
    """Wake workers for every run that is ready or whose worker died. Returns how many rings went out."""
    waiting = runs.ready(store)
    if not waiting or not redis:
        return 0
    try:
        with connected(redis) as connection:
            return sum(_ring(connection, run_id, kind) for run_id, kind in waiting)
    except RedisError as fault:
        log.warning("redis does not answer: %s", type(fault).__name__)
        return 0


@contextmanager
def connected(redis: Redis | str) -> Iterator[Redis]:
    """The connection given, or one for a moment that does not make a request wait."""
    if isinstance(redis, Redis):
        yield redis
        return
    connection = Redis.from_url(redis, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def _ring(connection: Redis, run_id: str, kind: str) -> bool:
    job = JOBS.get(kind)
    if job is None:
        return False  # a later release asked for it
    bell = queue(job.queue if job.queue in QUEUES else QUEUES[-1], connection)
    if bell.count >= MOST_WAITING:
        return False
    bell.enqueue(
        "jobs.working.work",
        run_id,
        description="run",
        job_timeout=job.seconds * 2 + GRACE_SECONDS,
        ttl=RING_SECONDS,
        result_ttl=0,
        failure_ttl=RING_SECONDS,
    )
    return True
