"""The pages of the jobs and their REST: who may look, who may act, what stands there."""

import pytest

from jobs.registry import JOBS, Job
from models.operations import runs, users
from models.operations.leases import claim
from models.users import Actor
from tests.attack.cast import at_browser
from tests.attack.panel import process

SYSTEM = Actor.system_actor("cli:tests")
KIND = "counting"


@pytest.fixture
def app(shipped, cast, monkeypatch):
    monkeypatch.setitem(JOBS, KIND, Job(KIND, "Counting", "default", 30, "02:00", "nothing:nothing"))
    return process(shipped)


def test_who_may_look_and_who_may_act(app, store):
    run_id = runs.request(store, SYSTEM, KIND)
    pages = ("/admin/jobs/", f"/admin/jobs/{run_id}/", f"/admin/jobs/{run_id}/progress")
    rest = ("/api/v1/jobs", f"/api/v1/jobs/{run_id}")
    for user, status in (("admin", 200), ("archivist", 200), ("auditor", 200), ("service_clerk", 403), ("sales", 403)):
        person = at_browser(app, user)
        assert [person.get(page).status_code for page in (*pages, *rest)] == [status] * 5, user
    for user in ("archivist", "auditor"):
        words = at_browser(app, user).get(pages[1]).text
        assert 'action="/admin/jobs/' not in words
    assert app.test_client().get(pages[0]).status_code == 302
    assert app.test_client().get(rest[0]).status_code == 401


def test_every_verb_takes_the_right_to_manage(app, store):
    run_id = runs.request(store, SYSTEM, KIND)
    verbs = [f"/admin/jobs/kinds/{KIND}/{verb}" for verb in ("start", "pause", "resume")]
    for user in ("archivist", "service_clerk"):
        for address in (*verbs, f"/admin/jobs/{run_id}/cancel"):
            assert at_browser(app, user).post(address).status_code == 403
    assert store.data.runs.count_documents({}) == 1
    admin = at_browser(app, "admin")
    assert admin.post(f"/admin/jobs/{run_id}/cancel").status_code == 302
    assert runs.get(store, run_id).state == "cancelled"
    assert admin.post("/admin/jobs/kinds/nothing/start").status_code == 404
    assert admin.get("/admin/jobs/nothing/").status_code == 404
    assert admin.get("/api/v1/jobs/nothing").status_code == 404


def test_pausing_and_asking(app, store):
    admin = at_browser(app, "admin")
    assert admin.post(f"/admin/jobs/kinds/{KIND}/pause").status_code == 302
    assert runs.paused_kinds(store) == {KIND}
    answer = admin.post(f"/admin/jobs/kinds/{KIND}/start")
    run_id = answer.location.rstrip("/").rpartition("/")[2]
    assert runs.get(store, run_id).state == "waiting"
    assert admin.post(f"/admin/jobs/kinds/{KIND}/resume").status_code == 302
    assert runs.ready(store) == [(run_id, KIND)]


def test_a_page_shows_progress_counts_and_classes_of_errors(app, store):
    run_id = runs.request(store, SYSTEM, KIND)
    lease = claim(store, run_id, "w", seconds=30)
    lease.advance(done=250, total=1000, counts={"passed": 240, "a/failed": 3, "failed": 10})
    lease.fail("ZeroDivisionError", "abc123")
    admin = at_browser(app, "admin")
    words = admin.get(f"/admin/jobs/{run_id}/").text
    assert '<progress value="25"' in words
    assert "ZeroDivisionError" in words
    assert "abc123" in words
    assert 'hx-trigger="every 2s"' in words
    shown = admin.get(f"/api/v1/jobs/{run_id}").json
    assert shown["counts"] == {"passed": 240, "a/failed": 3, "failed": 10}
    assert shown["errors"] == {"ZeroDivisionError": 1}
    listed = admin.get("/api/v1/jobs?state=waiting&limit=1").json
    assert [one["id"] for one in listed["items"]] == [run_id]
    assert admin.get("/api/v1/jobs?state=asleep").status_code == 422


def test_what_was_removed_is_gone_with_the_next_page(app, store, cast):
    """Attack 35 for jobs: a right that was taken away no longer opens pages, marks of pages or REST."""
    for _ in range(3):
        runs.request(store, SYSTEM, KIND)
    person = at_browser(app, "archivist")
    mark = person.get("/api/v1/jobs?limit=1").json["next"]
    archivist = cast["archivist"].id
    users.set_roles(SYSTEM, store, archivist, ["sales"], expected=users.get_user(store, archivist).rev)
    for address in ("/admin/jobs/", f"/api/v1/jobs?limit=1&after={mark}", "/api/v1/jobs"):
        assert person.get(address).status_code == 403
    assert "/jobs" not in person.get("/api/v1/openapi.json").json["paths"]
    admin = at_browser(app, "admin")
    assert admin.get(f"/api/v1/jobs?limit=1&after={mark}").status_code == 422
