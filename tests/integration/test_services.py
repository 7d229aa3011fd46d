"""The embedded servers and the store the other tests stand on."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from admin_app.processes import Mark, read_note
from admin_app.services import EmbeddedMongo, EmbeddedValkey


def test_the_store_is_empty_and_takes_transactions(store):
    assert store.data.things.count_documents({}) == 0
    with store.data.client.start_session() as session, session.start_transaction():
        store.data.things.insert_one({"_id": 1}, session=session)
    assert store.data.things.count_documents({}) == 1


def test_the_store_is_empty_again_for_the_next_test(store):
    assert store.data.things.count_documents({}) == 0


def test_the_day_is_the_one_of_the_archive(store):
    assert store.clock.zone.key == "Asia/Shanghai"
    assert store.clock.now().utcoffset().total_seconds() == 0


@pytest.fixture(params=[EmbeddedMongo, EmbeddedValkey], ids=["mongo", "valkey"])
def server(request, tmp_path_factory, short_folder):
    made = request.param(tmp_path_factory.mktemp("data"), short_folder)
    yield made
    made.stop()


def test_a_server_is_adopted_by_the_next_process_and_never_doubled(server):
    server.start()
    pid = server.pid
    again = type(server)(server.folder, server.sockets)
    again.start()
    assert again.pid == pid
    again.stop()
    assert not Mark.of(pid).alive()
    assert not server.note.exists()


def test_a_killed_server_starts_again_on_its_data(server):
    server.start()
    os.kill(server.pid, 9)
    server._child.wait()
    assert not server.alive()
    server.start()
    assert server.alive()
    assert read_note(server.note)["pid"] == server.pid


def test_nobody_else_on_the_machine_reaches_it(server):
    server.start()
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.socket.stat().st_mode) & 0o077 == 0
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    listening = {line.split()[9] for lines in tables for line in lines}
    held = set()
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            held.add(os.readlink(link).removeprefix("socket:[").rstrip("]"))
    assert not held & listening


def test_the_replica_set_follows_a_socket_that_moved(tmp_path, short_folder):
    first = EmbeddedMongo(tmp_path, short_folder / "a")
    first.start()
    first.stop()
    second = EmbeddedMongo(tmp_path, short_folder / "b")
    second.start()
    try:
        assert second.alive()
    finally:
        second.stop()


def test_a_full_disk_is_said_in_words(tmp_path, short_folder, monkeypatch):
    from admin_app import services
    from admin_app.faults import StartFault

    monkeypatch.setattr(services, "NEEDED_BYTES", 2**62)
    with pytest.raises(StartFault, match="is full"):
        EmbeddedMongo(tmp_path, short_folder).start()
