"""The tree of departments. One is renamed and moved, never removed: records go on naming it."""

from typing import Any

from pymongo.client_session import ClientSession

from models.errors import N_, FieldValueError, InvalidRecord, RecordNotFound, StaleRecord
from models.operations.changes import allowed, committed, entry_for, stored_form
from models.store import Store
from models.users import Actor, Department, Departments, documents

MANAGE = "users:manage"
DEEPEST = 12


def get_department(store: Store, department_id: str) -> Department:
    """
    :raises RecordNotFound: there is none
    """
    department = documents(store, Department).filter(id=department_id).first()
    if department is None:
        raise RecordNotFound
    return department


def add(actor: Actor, store: Store, *, name: str, parent: str | None = None, id: str | None = None) -> Department:
    """A new department under `parent`, or at the top.

    :param id: only for shipped ones, whose id other shipped data names
    """
    allowed(actor, store, MANAGE)
    tree = Departments(documents(store, Department))
    values = _checked(tree, None, name, parent)
    department = Department(**values) if id is None else Department(id=id, **values)
    document = stored_form(department)
    entry = entry_for(actor, "departments:add", "departments", [department.id])
    committed(store, entry, lambda session: store.data.departments.insert_one(document, session=session))
    return department


def edit(
    actor: Actor, store: Store, department_id: str, *, expected: int, name: str, parent: str | None = None
) -> None:
    """Rename or move a department, and with it what its people may see: it holds from the next request.

    :raises InvalidRecord: the name does not fit, or the tree would close to a circle
    """
    allowed(actor, store, MANAGE)
    get_department(store, department_id)

    def write(session: ClientSession) -> Any:
        tree = Departments(Department._from_son(node) for node in store.data.departments.find(session=session))
        changes = _checked(tree, department_id, name, parent)
        chosen = {"_id": department_id, "rev": expected}
        update = {"$set": changes, "$inc": {"rev": 1}}
        if not store.data.departments.update_one(chosen, update, session=session).matched_count:
            raise StaleRecord

    committed(store, entry_for(actor, "departments:edit", "departments", [department_id], ["name", "parent"]), write)


def _checked(tree: Departments, department_id: str | None, name: str, parent: str | None) -> dict[str, Any]:
    """The values as they are kept; asked again inside the transaction, where the tree stands still."""
    name, parent = " ".join(name.split()), parent or None
    errors = {}
    if not 1 <= len(name) <= 80 or not name.isprintable():
        errors["name"] = FieldValueError("length", N_("A name has 1 to 80 visible characters."))
    elif any(node.name == name and node.id != department_id for node in tree.children.get(parent, [])):
        errors["name"] = FieldValueError("taken", N_("There is a department of this name at the same place."))
    if parent and parent not in tree.by_id:
        errors["parent"] = FieldValueError("unknown", N_("This department does not exist."))
    elif parent in tree.below(department_id):
        errors["parent"] = FieldValueError("circle", N_("A department cannot stand under itself."))
    elif len(tree.path(parent)) >= DEEPEST:
        errors["parent"] = FieldValueError("deep", N_("The tree has at most {most} levels."), most=DEEPEST)
    if errors:
        raise InvalidRecord(errors)
    return {"name": name, "parent": parent}
