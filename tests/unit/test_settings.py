"""Settings: read from one prefix, from files, checked in words, and written down where people look."""

import re
from pathlib import Path

import pytest

from admin_app.faults import WrongUse
from admin_app.settings import PREFIX, load_settings, variables

ROOT = Path(__file__).parents[2]
NAMED_IN_DESIGN = (
    *("MONGO_URL", "KEYS_URL", "REDIS_URL", "SECRET_KEY", "KEK", "LEDGER"),
    *("DATA_DIR", "TZ", "LOCALE", "SMTP_URL", "SMS_URL", "CLOCK_OFFSET"),
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_every_promised_variable_exists():
    assert {PREFIX + name for name in NAMED_IN_DESIGN} <= set(variables())


@pytest.mark.parametrize("paper", [".env.example", "README.md"])
def test_every_variable_is_written_down(paper):
    written = set(re.findall(r"DOSSIER_[A-Z_]+", (ROOT / paper).read_text(encoding="utf-8")))
    assert set(variables()) <= written


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("DOSSIER_TZ", "Asia/Taipei")
    assert load_settings().clock.zone.key == "Asia/Taipei"


def test_a_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("s" * 40 + "\n")
    monkeypatch.setenv("DOSSIER_SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert load_settings().secret_key == "s" * 40


def test_a_missing_secret_file_is_said_in_words(monkeypatch):
    monkeypatch.setenv("DOSSIER_SECRET_KEY_FILE", "/nowhere/secret")
    with pytest.raises(WrongUse, match=r"DOSSIER_SECRET_KEY_FILE names /nowhere/secret"):
        load_settings()


def test_the_environment_wins_over_dotenv(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("DOSSIER_PORT=6001\nDOSSIER_HOST=0.0.0.0\n")
    monkeypatch.setenv("DOSSIER_PORT", "6002")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 6002)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOSSIER_TZ", "Mars/Olympus"),
        ("DOSSIER_PORT", "99999"),
        ("DOSSIER_MONGO_URL", "http://x"),
        ("DOSSIER_REDIS_URL", "x"),
        ("DOSSIER_KEK", "hsm"),
        ("DOSSIER_SECRET_KEY", "short"),
        ("DOSSIER_LOCALE", "zh"),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_not_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongUse) as caught:
        load_settings()
    assert name in str(caught.value)
    assert value not in str(caught.value).replace(name, "") or len(value) < 3


def test_a_shifted_clock_never_meets_a_real_archive(monkeypatch):
    with pytest.raises(WrongUse, match="rehearsal"):
        load_settings(clock_offset=60, mongo_url="mongodb://db/dossier")
    assert load_settings(clock_offset=60, mongo_url="mongodb://db/rehearsal_1").clock.offset_seconds == 60
    assert load_settings(clock_offset=60).clock.offset_seconds == 60


def test_secrets_do_not_stand_in_the_representation():
    settings = load_settings(secret_key="k" * 40, mongo_url="mongodb://u:hidden@db/dossier")
    assert "kkkk" not in repr(settings)
    assert "hidden" not in repr(settings)


def test_the_key_store_is_a_database_of_its_own():
    settings = load_settings(mongo_url="mongodb://db/archive?replicaSet=rs")
    assert (settings.data_name, settings.keys_name) == ("archive", "archive_keys")
