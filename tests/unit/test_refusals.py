"""Refusals are logged one by one up to a pace, and none is lost beyond it."""

from models.audit.entries import Entry
from models.audit.refusals import AT_ONCE, QUIET_SECONDS, Refusals


class Log:
    """Keeps what it is given."""

    def __init__(self):
        self.entries = []

    def append(self, entry):
        self.entries.append(entry)

    submit = append


def refusal(actor="anna"):
    return Entry("records:refused", actor, extra={"code": "not_allowed"})


def counted(entries):
    return sum(1 + entry.extra.get("more", 0) for entry in entries)


def test_every_refusal_stands_alone_or_in_a_count(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("models.audit.refusals.time.monotonic", lambda: now[0])
    log = Log()
    refusals = Refusals(log)
    for _ in range(500):
        refusals.note(refusal())
    assert len(log.entries) == AT_ONCE
    refusals.flush()
    assert len(log.entries) == AT_ONCE
    now[0] += QUIET_SECONDS + 0.1
    refusals.flush()
    assert counted(log.entries) == 500
    refusals.flush()
    refusals.note(refusal())
    assert counted(log.entries) == 501
    assert "more" not in log.entries[-1].extra


def test_one_actor_does_not_use_up_the_pace_of_another():
    log = Log()
    refusals = Refusals(log)
    for _ in range(AT_ONCE + 5):
        refusals.note(refusal())
    refusals.note(refusal("ben"))
    assert log.entries[-1].actor == "ben"
