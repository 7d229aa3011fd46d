"""The worker: waits for rings on the queues and does what they name. RQ is a doorbell, MongoDB holds the truth."""

import logging
import signal
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

from models.store import Store

QUEUES = ("destroy", "verify", "mail", "default")
PAUSE_SECONDS = 2.0
log = logging.getLogger("dossier.worker")

_opener: Callable[[], Store] | None = None
_store: Store | None = None


def store() -> Store:
    """The store of the job that runs: opened in the child that works, never across its fork.

    :raises RuntimeError: called outside a worker
    """
    global _store
    if _store is None:
        if _opener is None:
            raise RuntimeError("no worker runs here")
        _store = _opener()
    return _store


class OutOfTime(BaseException):
    """A part of a run took far too long. No `Exception`: a rule's own `except Exception` must not swallow it and
    take the silence for an outcome."""


class Alarm(UnixSignalDeathPenalty):
    """RQ's limit of time, raising what nobody swallows."""

    def handle_death_penalty(self, signum: int, frame: Any) -> None:
        if issubclass(self._exception, JobTimeoutException):
            raise OutOfTime
        super().handle_death_penalty(signum, frame)


class PlainWorker(Worker):
    """An RQ worker that keeps no text of a failure, and whose child writes out its log before `os._exit`."""

    max_connection_wait_time = 5.0
    death_penalty_class = Alarm
    asked_to_stop = False

    def request_stop(self, signum: int, frame: Any) -> None:
        self.asked_to_stop = True
        super().request_stop(signum, frame)

    def handle_warm_shutdown_request(self) -> None:
        """The child ends its part at the next item instead of making everybody wait for it."""
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            self.kill_horse(sig=signal.SIGTERM)

    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        global _store
        try:
            return super().perform_job(*args, **kwargs)
        finally:
            if _store is not None:
                _store.audit.close()
                _store = None

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log class and an id: traceback and arguments may hold customer data."""
        log.error("job %s failed: %s %s", job.id, exc_info[0].__name__, uuid.uuid4().hex[:8])

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Any = None,
    ) -> None:
        """RQ keeps `exc_string` in Redis: it gets the class alone, the first word of the last line."""
        name = exc_string.strip().rpartition("\n")[2].partition(":")[0]
        super().handle_job_failure(job, queue, started_job_registry, name, execution)


def connect(redis_url: str) -> Redis:
    """A connection to the doorbell; opens lazily."""
    return Redis.from_url(redis_url, socket_connect_timeout=5, health_check_interval=30)


def queue(name: str, connection: Redis) -> Queue:
    """A queue as every part of Dossier uses it: JSON only."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


def listened(connection: Redis) -> set[str]:
    """Names of the queues that a living worker listens to."""
    return {name for worker in Worker.all(connection=connection) for name in worker.queue_names()}


def serve(open_store: Callable[[], Store], redis_url: str, queues: Sequence[str] = QUEUES) -> None:
    """Work until SIGTERM. Without Redis it waits: the panel serves meanwhile, and the ticker rings again later."""
    global _opener
    _opener = open_store
    while not _work(redis_url, queues):
        time.sleep(PAUSE_SECONDS)


def _work(redis_url: str, queues: Sequence[str]) -> bool:
    """Work until told to stop (True) or until Redis is lost (False)."""
    connection, worker = connect(redis_url), None
    try:
        connection.ping()
        made = [queue(name, connection) for name in queues]
        worker = PlainWorker(made, connection=connection, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
    except RedisError as fault:
        log.warning("redis does not answer: %s", type(fault).__name__)
    finally:
        # Between two workers a signal simply ends the process: there is nothing to finish.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        connection.close()
    return worker is not None and worker.asked_to_stop
