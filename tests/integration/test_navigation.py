"""Where types stand in the navigation: archives before registers, a base before its kinds, no list twice."""

import re

import pytest

from tests.attack.cast import at_browser
from tests.attack.panel import process


@pytest.fixture
def app(shipped, cast):
    return process(shipped)


def types_in(text):
    """Types in the order of the rail, each once."""
    rail = text[text.index("<nav") : text.index("</nav>")]
    return list(dict.fromkeys(re.findall(r'href="/admin/r/([a-z_]+)/"', rail)))


def test_archives_stand_before_registers_and_a_base_before_its_kinds(app):
    assert types_in(at_browser(app, "admin").get("/admin/").text) == [
        "customer", "enterprise", "individual", "tenant",
        "complaint", "customer_emergency_contact", "repair_ticket", "unit",
    ]  # fmt: skip


def test_the_bar_of_a_phone_leads_to_customers(app):
    text = at_browser(app, "service_clerk").get("/admin/").text
    bars = re.findall(r'href="/admin/r/([a-z_]+)/"', text[text.rindex("<nav") :])
    assert bars[0] == "customer"
