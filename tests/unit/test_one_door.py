"""Record data has one door: no other module reaches for a record collection or for revisions."""

import ast
from pathlib import Path

from models.access.door import TypeDoor

ROOT = Path(__file__).parents[2]
PACKAGES = ("admin_app", "jobs", "models", "seed", "views")
MAY = {
    "models/access/door_part.py": "the door itself: its other parts ask it for the two collections",
    "models/access/destruction_verbs.py": "a part of the door: searches every other collection for ids, byte by byte",
    "models/operations/migrations.py": "sees stored documents only, ciphertext included, and creates indexes",
    "models/users.py": "system documents, by the collection their class names",
    "models/attempts.py": "counts of failed sign-ins, in one collection of its own",
    "models/operations/sessions.py": "sessions and tokens, by the names of their two collections",
    "models/audit/sweeps.py": "asks for ids and for the audit body a revision carries, never for a value",
}
PARTS = {
    "models/access/destruction_verbs.py",
    "models/access/door_part.py",
    "models/access/pages.py",
    "models/access/revisions.py",
    "models/access/references.py",
    "models/access/export_verbs.py",
    "models/access/record_writes.py",
    "models/access/retention_verbs.py",
    "models/access/system_verbs.py",
    "models/access/derived_verbs.py",
}
"""The modules of the door, which alone may ask it for its collections."""
INNER = {"_records", "_history"}
RECORDS = "r_"


def sources():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def reaches(node):
    """What a node reaches for, when that is a record collection or could be one."""
    if isinstance(node, ast.Attribute) and node.attr == "revisions" and _is_data(node.value):
        return "data.revisions"
    if isinstance(node, ast.Subscript) and _is_data(node.value):
        name = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return None if name and not name.startswith(RECORDS) and name != "revisions" else "data[…]"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_collection":
        return "get_collection(…)"
    return None


def _is_data(node):
    return getattr(node, "attr", getattr(node, "id", None)) == "data"


def findings(tree):
    return [(node.lineno, found) for node in ast.walk(tree) if (found := reaches(node))]


def test_only_the_door_reaches_record_collections():
    wrong = [
        f"{name}:{line}: {found}"
        for name, tree in sources()
        for line, found in findings(tree)
        if name not in MAY
    ]
    assert wrong == []


def test_only_the_parts_of_the_door_use_its_collections():
    wrong = [
        f"{name}:{node.lineno}: {node.attr}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in INNER and name not in PARTS
    ]
    assert wrong == []


def test_every_part_of_the_door_is_a_base_of_it():
    bases = {f"{base.__module__.replace('.', '/')}.py" for base in TypeDoor.__mro__ if base is not object}
    assert bases - {"models/access/door.py"} == PARTS


def test_the_search_would_find_a_reach():
    sample = 'store.data.revisions.find()\nstore.data["r_x"]\nstore.data[kind.collection]\ndata.get_collection("x")'
    assert len(findings(ast.parse(sample))) == 4


def test_every_exception_still_exists():
    assert all((ROOT / name).exists() for name in [*MAY, *PARTS])
