"""`dossier user` and `dossier token` as an operator types them."""

import io
import json

import pytest

from admin_app.cli import run
from models.operations import sessions, tokens, users
from models.operations.migrations import ensure_indexes
from models.store import read_stamps
from models.users import Role
from tests.bare_store import nothing_ships


@pytest.fixture
def dossier(store, mongo_url, monkeypatch, tmp_path, capsys):
    """Run a command against the store of the test; gives its exit code, what it says and what it complains of."""
    ensure_indexes(store)
    nothing_ships(store)
    for role in ("administrator", "sales"):
        if not store.data.roles.find_one({"_id": role}):
            store.data.roles.insert_one(Role(id=role, labels={"en": role}).to_mongo())
    head, mark, options = mongo_url.partition("/?")
    monkeypatch.setenv("DOSSIER_MONGO_URL", f"{head.rstrip('/')}/{store.data.name}{'?' if mark else ''}{options}")
    monkeypatch.setenv("DOSSIER_SECRET_KEY", "for tests only, and long enough for that")
    monkeypatch.setenv("DOSSIER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run([*arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_an_account_is_opened_with_a_random_password_printed_once(dossier, store):
    code, said, _ = dossier("user", "add", "LiShu", "--name", "李姝", "--role", "sales")
    assert code == 0
    password = said.split("password ")[1].strip()
    _, user = sessions.sign_in(store, "lishu", password, address="192.0.2.1")
    assert (user.name, user.roles, user.must_change) == ("李姝", ["sales"], True)


def test_a_password_may_come_from_stdin_and_is_not_repeated(dossier, store):
    typed = "tamper-lantern-98\n"
    code, said, _ = dossier("user", "add", "admin", "--role", "administrator", "--password-stdin", stdin=typed)
    assert code == 0
    assert "lantern" not in said
    assert sessions.sign_in(store, "admin", "tamper-lantern-98", address="192.0.2.1")[1].must_change is False


def test_users_are_listed_as_text_and_json(dossier):
    dossier("user", "add", "admin", "--role", "administrator", "--password", "tamper-lantern-98")
    code, said, _ = dossier("user", "list", "--json")
    (row,) = json.loads(said)
    assert code == 0
    assert (row["username"], row["roles"]) == ("admin", ["administrator"])
    assert (row["active"], row["locked_until"]) == (True, None)
    assert "$argon2" not in said
    assert dossier("user", "list")[1].split("\t")[0] == "admin"


def test_roles_are_shown_replaced_given_and_taken(dossier, store):
    dossier("user", "add", "lishu", "--role", "sales")
    assert dossier("user", "roles", "lishu") == (0, "sales\n", "")
    assert dossier("user", "roles", "lishu", "--add", "administrator")[1] == "administrator sales\n"
    assert dossier("user", "roles", "lishu", "--remove", "sales")[1] == "administrator\n"
    assert dossier("user", "roles", "lishu", "sales")[1] == "sales\n"
    assert users.find_by_username(store, "lishu").roles == ["sales"]


def test_an_account_is_shut_and_gets_a_new_password(dossier, store):
    dossier("user", "add", "lishu", "--password", "tamper-lantern-98")
    assert dossier("user", "disable", "lishu")[0] == 0
    assert users.find_by_username(store, "lishu").active is False
    assert dossier("user", "enable", "lishu")[0] == 0
    assert dossier("user", "password", "lishu", "--password", "other-lantern-98", "--must-change")[0] == 0
    assert sessions.sign_in(store, "lishu", "other-lantern-98", address="192.0.2.1")[1].must_change is True
    assert dossier("user", "unlock", "lishu")[0] == 0


def test_a_token_is_printed_alone_and_works_until_revoked(dossier, store):
    dossier("user", "add", "lishu")
    code, said, _ = dossier("token", "create", "--user", "lishu", "--name", "Nightly export", "--days", "3")
    assert code == 0
    secret = said.strip()
    standing = tokens.present(store, secret, read_stamps(store))
    assert standing.account.username == "lishu"
    listed = dossier("token", "list", "--user", "lishu")[1]
    assert listed.endswith("Nightly export\n")
    assert dossier("token", "revoke", standing.means)[0] == 0
    assert tokens.present(store, secret, read_stamps(store)) is None


@pytest.mark.parametrize(("arguments", "words"), [
    (["user", "add", "x"], "2 to 64"),
    (["user", "add", "lishu", "--role", "emperor"], "roles"),
    (["user", "add", "lishu", "--password", "1234567890"], "known ones"),
    (["user", "disable", "nobody"], "no user nobody"),
    (["user", "roles", "nobody"], "no user nobody"),
    (["user", "roles", "admin", "sales", "--add", "x"], "Either"),
    (["token", "create", "--user", "nobody"], "no user nobody"),
    (["token", "create"], "--user"),
    (["user", "list", "--as", "nobody"], "no active user nobody"),
    (["user"], ""),
])
def test_wrong_use_is_one_line_and_2(dossier, store, arguments, words):
    code, said, complaint = dossier(*arguments)
    assert code == 2
    assert words in complaint
    assert said == ""
    assert store.data.users.count_documents({}) == 0


def test_acting_for_somebody_takes_their_rights(dossier, store):
    dossier("user", "add", "lishu", "--role", "sales")
    code, _, complaint = dossier("user", "add", "other", "--as", "lishu")
    assert (code, complaint) == (1, "dossier: You may not do this.\n")
    assert users.find_by_username(store, "other") is None
    assert store.data.audit_entries.find_one({"action": "users:add"})["actor"].startswith("cli:")


def test_a_token_cannot_live_for_ever(dossier):
    dossier("user", "add", "lishu")
    assert dossier("token", "create", "--user", "lishu", "--days", "9999")[0] == 1
