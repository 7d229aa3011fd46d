"""A part of the panel that runs as a forked child of the supervisor."""

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress

from admin_app.processes import Mark

PR_SET_PDEATHSIG = 1
log = logging.getLogger("dossier.parts")


class Part:
    """One child process: started by a fork, told to stop by SIGTERM.

    :param body: what it does; returns or leaves by SystemExit
    """

    def __init__(self, name: str, body: Callable[[], None]):
        self.name, self.body = name, body
        self._pid: int | None = None
        self.code: int | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._pid

    def start(self) -> None:
        """Fork. The child shares what was imported and opens its own connections."""
        gc.freeze()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(self.body, parent)
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        self._pid, self.code = pid, None

    def alive(self) -> bool:
        """Whether it runs; collects its exit code when it does not."""
        if self._pid is None:
            return False
        found, status = os.waitpid(self._pid, os.WNOHANG)
        if found:
            self._end(status)
        return not found

    def ask_to_stop(self) -> None:
        """SIGTERM, once."""
        if self.alive():
            os.kill(self._pid, signal.SIGTERM)  # type: ignore[arg-type]

    def kill(self) -> None:
        """What did not stop when asked, with everything it started."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)  # type: ignore[arg-type]
            self._end(os.waitpid(self._pid, 0)[1])  # type: ignore[arg-type]

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        if self._pid is not None:
            self._end(os.waitpid(self._pid, 0)[1])
        return self.code or 0

    def _end(self, status: int) -> None:
        self.code = os.waitstatus_to_exitcode(status)
        # A child that was killed leaves its own children (gunicorn's workers, a job at work): none may stay.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGTERM)  # type: ignore[arg-type]
        self._pid = None


def _live(body: Callable[[], None], parent: int) -> None:
    """The life of the child. It must never return into the supervisor's own code."""
    code = 1
    try:
        with suppress(PermissionError):
            os.setpgid(0, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        end_with_parent(parent)
        body()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except Exception as fault:
        log.error("part failed: %s %s", type(fault).__name__, uuid.uuid4().hex[:8], exc_info=_wanted(fault))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wanted(fault: Exception) -> Exception | None:
    """The traceback only for somebody who debugs: it may hold values."""
    return fault if logging.getLogger().isEnabledFor(logging.DEBUG) else None


def end_with_parent(parent: int) -> None:
    """Send this process SIGTERM when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        return
    mark = Mark.of(parent)
    threading.Thread(target=_watch, args=(mark,), daemon=True).start()


def _watch(parent: Mark) -> None:
    while parent.alive():
        threading.Event().wait(2.0)
    os.kill(os.getpid(), signal.SIGTERM)
