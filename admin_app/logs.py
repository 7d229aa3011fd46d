"""One JSON line per event, on stderr or into the folder of the installation; nowhere a query or a value.

An exception is its class and the places it passed, never its words: they hold what people typed and what
records say, and would stay in a file outside every permission and every destruction.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

KEPT_BYTES = 5 * 2**20
PLACES = 12
"""The innermost frames kept of a traceback."""


def configure(level: str, *, clock_offset: int = 0, path: Path | None = None) -> None:
    """Send structlog and the standard library the same way.

    :param clock_offset: seconds; a rehearsal is said in every line
    :param path: file to append to; stderr when unset
    """
    stream = sys.stderr if path is None else _opened(path)
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        without_words,
    ]
    if clock_offset:
        shared.append(_rehearsal(clock_offset))
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("pymongo", "rq.worker", "rq", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _opened(path: Path) -> Any:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > KEPT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("a", encoding="utf-8", buffering=1)


def _rehearsal(seconds: int) -> Any:
    def said(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "rehearsal_clock_offset": seconds}

    return said


def without_words(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the class of an exception and its places where its text would stand."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0] is not None:
        event["error"] = info[0].__name__
        event["at"] = places_of(info[2])
    return event


def places_of(trace: TracebackType | None) -> str:
    """`file:line function` of the innermost frames, outermost first."""
    frames = traceback.extract_tb(trace)[-PLACES:]
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
