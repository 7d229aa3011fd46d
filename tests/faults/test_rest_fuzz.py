"""R01: schemathesis, all checks and phases, 500 examples an operation (4 in the short version), finds nothing."""

import os

import pytest

from tests.attack.fuzz import fuzz, serving
from tests.attack.panel import process
from tests.attack.shipped import add_customers, ship, somebody

FULL = os.environ.get("FULL") == "1"


@pytest.mark.parametrize("role", ["administrator", "service_clerk"])
def test_r01_schemathesis_finds_nothing(store, tmp_path, role):
    ship(store)
    app = process(store)
    program = somebody(app, store, role)
    add_customers(store, program.user.id)
    phases = "examples,coverage,fuzzing,stateful" if FULL else "examples,fuzzing"
    with serving(app) as url:
        code, said = fuzz(url, program.secret, examples=500 if FULL else 4, phases=phases, folder=tmp_path)
    print(said[-2000:])
    assert code == 0, said
