"""A customer whose identity document ran out: the finding, its task, the corrected record, and both gone."""

import pytest

from models.access.door import Door
from tests.verified import SYSTEM, individual


@pytest.fixture
def bad(house):
    """A private person of the clerk's, entered with a document that has run out."""
    return individual(house.store, name="施远航", owner=house.actor("service_clerk").id, department="property").id


def test_from_the_finding_over_the_task_to_the_corrected_record(house, enter, bad):
    clerk, admin = enter("service_clerk").page, enter("admin").page
    address = f"/admin/r/individual/{bad}/"

    clerk.goto("/admin/")
    task = clerk.locator(f"table.todo tr:has(a[href='{address}'])")
    assert "有效证件未过期" in task.inner_text()
    task.locator("a").click()
    clerk.wait_for_url(f"**{address}")
    assert "已过期" in clerk.locator(".finding.bad").first.inner_text()
    clerk.goto("/admin/r/customer/?findings=any")
    assert clerk.locator(f"tr[data-id='{bad}'] .found").count() == 1

    admin.goto(f"{address}edit/")
    field = Door(house.store, SYSTEM).open("individual").compiled.find("id_document.valid_until")
    admin.locator(f"[name$='{field.id}']").first.fill("2039-12-31")
    admin.locator(".savebar .go").click()
    admin.wait_for_url(f"**{address}")
    assert admin.locator(".finding").count() == 0

    clerk.goto(address)
    assert clerk.locator(".finding").count() == 0
    clerk.goto("/admin/tasks/")
    assert clerk.locator(f"a[href='{address}']").count() == 0
    clerk.goto("/admin/r/customer/?findings=any")
    assert clerk.locator(f"tr[data-id='{bad}']").count() == 0
