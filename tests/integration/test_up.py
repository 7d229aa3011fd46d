"""`dossier up` as people meet it: real processes, killed for real."""

import os
import signal
import socket
import stat
import threading

import pytest

from admin_app.processes import Mark, read_note
from tests.panel import Panel, dossier, within

RESTART_SECONDS = 5.0
# A machine that runs other tests beside these is slow; the promise is measured by `make proof`.
PATIENCE_SECONDS = 4 * RESTART_SECONDS


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    running = Panel(tmp_path_factory.mktemp("up") / "data").start()
    yield running
    running.stop()


@pytest.fixture
def own_panel(tmp_path):
    running = Panel(tmp_path / "data")
    yield running
    if running.process is not None:
        running.stop()
    for name in ("mongo", "valkey"):
        note = read_note(running.folder / f"{name}.pid")
        Mark(int(note.get("pid", 0)), note.get("born", "")).stop()


def test_it_serves_when_it_says_so(panel):
    assert panel.url.startswith("http://127.0.0.1:")
    assert panel.get("/healthz") == 200
    assert panel.get("/readyz") == 200


def test_without_users_the_way_in_is_said(panel):
    lines = [line for line in panel.lines if line.startswith("first sign-in ")]
    assert len(lines) == 1
    assert panel.get(lines[0].split()[2].removeprefix(panel.url)) == 200


def test_a_second_one_on_the_same_data_says_so_and_exits_2(panel):
    second = dossier("up", "--data-dir", panel.folder, "--port", "0", cwd=panel.folder.parent)
    assert second.returncode == 2
    assert second.stdout == ""
    assert f"already runs on {panel.folder}" in second.stderr
    assert panel.url in second.stderr
    assert second.stderr.count("\n") == 1


def test_a_taken_port_is_said_and_starts_nothing(panel, tmp_path):
    port = panel.url.rpartition(":")[2]
    other = dossier("up", "--data-dir", tmp_path / "other", "--port", port, cwd=tmp_path)
    assert other.returncode == 1
    assert f"Port {port} is taken" in other.stderr
    assert not (tmp_path / "other" / "mongo").exists()


def test_secrets_are_for_nobody_else(panel):
    def mode(path):
        return stat.S_IMODE(path.stat().st_mode)

    secrets = panel.folder / "secrets"
    assert mode(panel.folder) == mode(secrets) == 0o700
    assert {path.name for path in secrets.iterdir()} >= {"secret_key", "kek"}
    assert all(mode(path) == 0o600 for path in secrets.iterdir())
    for name in ("mongo", "valkey"):
        held = read_note(panel.folder / f"{name}.pid")["socket"]
        assert mode(panel.folder.joinpath(held)) & 0o077 == 0


def test_a_command_works_through_the_running_panel(panel):
    asked = dossier("--data-dir", panel.folder, "doctor", cwd=panel.folder.parent)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "every queue has a worker" in asked.stdout


def test_metrics_are_for_this_machine_alone(panel):
    import urllib.request

    assert panel.get("/metrics") == 200
    through_a_proxy = urllib.request.Request(panel.url + "/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(through_a_proxy, timeout=5)
    assert refused.value.code == 404


@pytest.mark.parametrize("name", ["web", "worker", "ticker", "valkey", "mongo"])
def test_what_is_killed_comes_back(panel, name):
    before = panel.pids[name]
    mark = Mark.of(before)
    os.kill(before, signal.SIGKILL)
    assert within(PATIENCE_SECONDS, lambda: not mark.alive() and panel.pids[name] not in (None, before))
    assert within(PATIENCE_SECONDS, lambda: panel.get("/readyz") == 200)
    assert panel.process.poll() is None


def test_stopping_leaves_nothing(own_panel):
    own_panel.start()
    everything = own_panel.kept()
    assert len(everything) >= 6
    assert own_panel.stop() == 0
    assert not [mark for mark in everything if mark.alive()]
    assert not (own_panel.folder / "up.json").exists()
    assert not list((own_panel.folder / "run").glob("*.sock"))


def test_ctrl_c_stops_it_too(own_panel):
    own_panel.start()
    everything = own_panel.kept()
    assert own_panel.stop(signal.SIGINT) == 0
    assert not [mark for mark in everything if mark.alive()]


def test_parts_end_when_supervisor_and_servers_are_killed(own_panel):
    """The worker used to look for its lost Redis for ever."""
    own_panel.start()
    parts = [Mark.of(own_panel.pids[name]) for name in ("web", "worker", "ticker")]
    servers = [own_panel.pids[name] for name in ("mongo", "valkey")]
    for pid in (own_panel.process.pid, *servers):
        os.kill(pid, signal.SIGKILL)
    assert within(PATIENCE_SECONDS, lambda: not any(part.alive() for part in parts))


def test_the_demo_comes_with_accounts_and_records_once(own_panel):
    own_panel.options = ("--demo-password", "velvet-anchor-31")
    own_panel.start()
    said = [line for line in own_panel.lines if line.startswith("demo accounts")]
    assert len(said) == 1
    assert "contractor" in said[0]
    assert not [line for line in own_panel.lines if line.startswith("first sign-in")]
    own_panel.stop()
    own_panel.lines.clear()
    own_panel.start()
    assert not [line for line in own_panel.lines if line.startswith(("demo accounts", "first sign-in"))]


def test_a_demo_password_that_is_too_weak_is_said(tmp_path):
    done = dossier("up", "--data-dir", tmp_path / "data", "--port", "0", "--demo-password", "demo", cwd=tmp_path)
    assert done.returncode == 1
    assert "password" in done.stderr


def test_after_a_crash_the_servers_are_adopted_and_nothing_runs_twice(own_panel):
    own_panel.start()
    servers = {name: own_panel.pids[name] for name in ("mongo", "valkey")}
    parts = [Mark.of(own_panel.pids[name]) for name in ("web", "worker", "ticker")]
    own_panel.stop(signal.SIGKILL)
    assert within(PATIENCE_SECONDS, lambda: not any(part.alive() for part in parts))
    own_panel.start()
    assert {name: own_panel.pids[name] for name in servers} == servers
    own_panel.stop()
    assert not [pid for pid in servers.values() if Mark.of(pid).alive()]


def test_what_keeps_dying_stops_everything_with_a_sentence(own_panel):
    own_panel.start()
    everything = own_panel.kept()

    def ended():
        return own_panel.process.poll() is not None or not (own_panel.folder / "up.json").exists()

    for _ in range(5):
        before = own_panel.pids["ticker"]
        os.kill(before, signal.SIGKILL)
        assert within(PATIENCE_SECONDS, lambda before=before: ended() or own_panel.pids["ticker"] != before)
        if ended():
            break
    assert own_panel.process.wait(20) == 1
    assert own_panel.hears("dossier: ticker ended 5 times within a minute")
    assert not [mark for mark in everything if mark.alive()]


def test_a_command_starts_a_database_for_its_own_time(tmp_path):
    done = dossier("--data-dir", tmp_path / "data", "migrate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("layout 1")
    assert not (tmp_path / "data" / "mongo.pid").exists()


def test_two_commands_at_once_wait_for_each_other(tmp_path):
    results = []

    def run():
        results.append(dossier("--data-dir", tmp_path / "data", "migrate", cwd=tmp_path, timeout=90))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0, 0], [done.stderr for done in results]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nonsense"], "No such command"),
        (["up", "--port", "seventy"], "--port"),
        (["up", "--wrong"], "No such option"),
        (["worker"], "DOSSIER_MONGO_URL is not set"),
        (["doctor", "--only", "luck"], "There is no check luck"),
    ],
)
def test_wrong_use_is_one_line_and_2(tmp_path, words, sentence):
    done = dossier(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_is_named(tmp_path):
    done = dossier("up", cwd=tmp_path, DOSSIER_TZ="Mars/Olympus")
    assert done.returncode == 2
    assert "DOSSIER_TZ" in done.stderr


def test_the_port_is_refused_politely_when_the_address_is_not_ours(tmp_path):
    done = dossier("up", "--host", "203.0.113.9", "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot listen on 203.0.113.9" in done.stderr


def test_a_path_too_long_for_a_socket_is_no_hindrance(tmp_path):
    deep = tmp_path / ("d" * 100) / "data"
    deep.parent.mkdir()
    done = dossier("--data-dir", deep, "migrate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_broken_program_is_explained(tmp_path):
    """A mongod on the PATH that lacks a library: the sentence names it and the command that brings it."""
    fake = tmp_path / "bin" / "mongod"
    fake.parent.mkdir()
    words = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    fake.write_text(
        f'#!/bin/sh\ntest "$1" = --version && echo "db version v6.0.5" && exit 0\necho "{words}" >&2\nexit 127\n'
    )
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    done = dossier("--data-dir", tmp_path / "data", "migrate", cwd=tmp_path, PATH=path)
    assert done.returncode == 1
    assert "needs the library libcurl.so.4" in done.stderr
    assert "apt-get install -y libcurl4 libssl3" in done.stderr


def test_port_zero_is_any_free_one(panel):
    with socket.create_connection(("127.0.0.1", int(panel.url.rpartition(":")[2])), timeout=5):
        pass
