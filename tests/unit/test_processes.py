"""Processes recognised, stopped, told to stop."""

import os
import signal
import subprocess
import sys

from admin_app.processes import Mark, StopSign, read_note, write_note

BOMBARDED = """
import os, signal, sys
from admin_app.processes import StopSign
sign = StopSign().on(signal.SIGTERM)
print("waiting", flush=True)
while not sign.wait(0.0001):
    pass
"""


def test_a_signal_that_interrupts_the_wait_ends_it():
    """A threading.Event hung here now and then: its `set` waited for the lock of the wait it had interrupted."""
    for _ in range(20):
        child = subprocess.Popen([sys.executable, "-c", BOMBARDED], stdout=subprocess.PIPE)
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
        child.stdout.close()


def test_a_stop_sign_waits_no_longer_than_asked():
    sign = StopSign()
    assert not sign.wait(0.01)
    sign.put_up()
    sign.put_up()
    assert sign.wait(60)
    assert sign.is_set()


def test_a_process_is_told_from_a_later_one_of_the_same_number():
    own = Mark.of(os.getpid())
    assert own.alive()
    assert not Mark(own.pid, "1").alive()
    assert not Mark(0, "").alive()


def test_a_corpse_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", ""])
    mark = Mark.of(child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not mark.alive()
    child.wait()


def test_a_stubborn_process_is_killed_in_the_end():
    ignoring = "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", ignoring], stdout=subprocess.PIPE)
    child.stdout.readline()
    mark = Mark.of(child.pid)
    mark.stop(patience_seconds=0.1)
    assert not mark.alive()
    assert child.wait(5) == -signal.SIGKILL
    child.stdout.close()


def test_a_note_is_private_and_whole(tmp_path):
    path = tmp_path / "note.json"
    write_note(path, pid=1)
    write_note(path, pid=2)
    assert read_note(path) == {"pid": 2}
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('{"pid": ')
    assert read_note(path) == {}
