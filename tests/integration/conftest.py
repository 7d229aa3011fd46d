"""The scene of the attacks, for every test that plays on it: over REST, on pages, by files."""

import pytest

from tests.attack.pages import Person, sign_in
from tests.attack.stage import Stage, build


@pytest.fixture
def stage(store) -> Stage:
    return build(store)


@pytest.fixture
def s(stage) -> Person:
    """Sales S at a browser."""
    return sign_in(stage.app, stage.store, stage.s.user)


@pytest.fixture
def sh(stage) -> Person:
    """Sales and helpdesk in one, at a browser."""
    return sign_in(stage.app, stage.store, stage.sh.user)


@pytest.fixture
def boss(stage) -> Person:
    """The administrator at a browser."""
    return sign_in(stage.app, stage.store, stage.boss.user)
