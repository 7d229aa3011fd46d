"""docs/data-model.md says what is so."""

import re
from pathlib import Path

from models.definitions.compiled import compile_all
from models.definitions.field_types import FIELD_TYPES
from models.operations.types import read_definitions
from models.users import DOCUMENTS
from seed import data_model

ROOT = Path(data_model.__file__).parents[1]
NAMED = re.compile(r"\b(?:store\.data|store\.keys|_?keys_db|self\._db|db)\.([a-z]+(?:_[a-z]+)*)\b(?!\()")
NOT_COLLECTIONS = {"client", "name", "command"}


def test_the_page_is_up_to_date():
    assert data_model.PAGE.read_text(encoding="utf-8") == data_model.page(), "run python -m seed.data_model"


def test_every_collection_that_the_program_names_is_on_the_page():
    found = set()
    for package in ("models", "jobs", "views", "admin_app", "seed"):
        for path in (ROOT / package).rglob("*.py"):
            found |= set(NAMED.findall(path.read_text(encoding="utf-8")))
    known = set(data_model.COLLECTIONS) | {kind._meta["collection"] for kind in DOCUMENTS}
    assert found - NOT_COLLECTIONS <= known


def test_every_field_and_field_type_is_on_the_page():
    text = data_model.PAGE.read_text(encoding="utf-8")
    for compiled in compile_all(read_definitions(data_model.TYPES)):
        for one in compiled.walk():
            assert f"`{one.id}`" in text
    stored = text[text.index("| field type |") :]
    words = set(re.findall(r"[a-z_]+", stored[: stored.index("\n\n")]))
    assert set(FIELD_TYPES) - {"attachment"} <= words
