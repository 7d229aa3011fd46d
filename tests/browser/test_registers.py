"""A complaint and a repair at a browser, from the call to the last state, each step by whoever it is for."""

import re

import pytest

from tests.registers import complaint_way, repair_way


def typed(page, field, raw):
    """Enter one value as a person does, in the input of its field."""
    box = f"[name='{field.id}']"
    kind = field.type.name
    if kind == "object":
        for sub in field.fields:
            if sub.name in raw:
                typed(page, sub, raw[sub.name])
    elif kind == "rows":
        for sub in field.fields:
            page.fill(f"[name='{field.id}.0.{sub.id}']", raw[0][sub.name])
    elif kind == "boolean":
        page.locator(f"label:has({box}[value={str(raw).lower()}])").click()
    elif kind in ("choice", "user", "department"):
        page.eval_on_selector(box, "(one, key) => one.tomselect ? one.tomselect.setValue(key) : one.value = key", raw)
    elif kind == "moment":
        page.fill(box, re.sub(r"Z$", "", raw))
    else:
        page.fill(box, raw)


def step_taken(page, house, address, walk, kind):
    """Press the button of a step, fill what it asks for, send it."""
    page.goto(address)
    found = page.locator(f"[href*='/transitions/{walk.name}/']")
    if found.count():
        found.click()
        page.wait_for_load_state("networkidle")
        for name, raw in walk.body.items():
            typed(page, kind.find(name), raw)
        if walk.reason:
            page.fill("#reason", walk.reason)
        with page.expect_navigation():
            page.click(".savebar button.go")
    else:
        with page.expect_navigation():
            page.click(f"form[action*='/transitions/{walk.name}/'] button")


def made(page, path, values, kind):
    """A new record, as the front desk types it."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    for name, raw in values.items():
        typed(page, kind.find(name), raw)
    with page.expect_navigation():
        page.click(".savebar button.go")
    return re.sub(r"^https?://[^/]+", "", page.url)


WAYS = {
    "complaint": (complaint_way, "closed", {"channel": "phone", "content": "电梯停了两层之间"}),
    "repair_ticket": (repair_way, "spot_checked", {"repair_item": "水龙头漏水"}),
}


@pytest.mark.parametrize("type_name", WAYS)
def test_it_goes_from_the_call_to_its_last_state(house, enter, type_name):
    way_of, last, values = WAYS[type_name]
    people = {name: house.actor(name) for name in ("engineering_head", "technician")}
    kind = house.door("admin", type_name).compiled
    tenant = house.first("tenant")
    desk = enter("front_desk").page
    desk.goto(f"/admin/r/tenant/{tenant}/")
    new = desk.locator(f"#s-related a[href*='/r/{type_name}/new/']").get_attribute("href")
    if type_name == "repair_ticket":
        unit = house.store.data.r_unit.find_one({}, {"_id": 1, "v": 1})["_id"]
        new += f"&unit={unit}"
    address = made(desk, new, values, kind)
    id = address.rstrip("/").rpartition("/")[2]
    door = house.door("admin", type_name)
    assert door.get(id).cells["customer"].value == tenant
    pages = {"front_desk": desk}
    for walk in way_of(people):
        name = walk.who[-1] if walk.who[-1] not in ("service_head",) or len(walk.who) == 1 else walk.who[0]
        page = pages[name] if name in pages else pages.setdefault(name, enter(name).page)
        step_taken(page, house, address, walk, kind)
        state = house.door("admin", type_name).get(id).state
        assert state == kind.workflow.find(walk.name).transition.end, (walk.name, state)
    assert house.door("admin", type_name).get(id).state == last
    desk.goto(f"/admin/r/tenant/{tenant}/")
    assert desk.locator(f"#s-related a[href*='{id}']").count() <= 1
