"""The tree of departments. One is renamed and moved; removed only while nothing names it.

Earlier revisions of records may go on naming a department that is gone: pages say that it was one.
"""

from typing import Any

from pymongo.client_session import ClientSession

from models.access.door import Door
from models.errors import N_, FieldValueError, InvalidRecord, RecordNotFound, StaleRecord, WrongState
from models.operations.changes import allowed, committed, entry_for, stored_form
from models.store import Stamps, Store
from models.users import Actor, Department, Departments, documents

MANAGE = "users:manage"
RECORDS = Actor.system_actor("system:departments", "whether records name a department")
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


def remove(actor: Actor, store: Store, department_id: str) -> None:
    """Take away a department that nobody belongs to, that nothing stands under and that nothing names.

    :raises WrongState: it is in use
    :raises TooSlow: whether records name it could not be found out in time
    """
    stamps = allowed(actor, store, MANAGE)
    get_department(store, department_id)
    named = _is_configured(store, department_id) or _is_on_record(store, stamps, department_id)

    def write(session: ClientSession) -> Any:
        people = store.data.users.find_one({"department": department_id}, {"_id": 1}, session=session)
        below = store.data.departments.find_one({"parent": department_id}, {"_id": 1}, session=session)
        if named or people or below:
            words = N_("People, records, rules or departments below it still name this department. Change those first.")
            raise WrongState("in_use", words)
        return store.data.departments.delete_one({"_id": department_id}, session=session)

    committed(store, entry_for(actor, "departments:remove", "departments", [department_id]), write)


def _is_configured(store: Store, department_id: str) -> bool:
    """Whether a grant, a scope, a ceiling or a record type in force names it."""
    kept = (*store.data.grants_config.find(), *store.data.record_types.find({"current": True}))
    return any(_holds(one, department_id) for one in kept)


def _holds(tree: Any, text: str) -> bool:
    if isinstance(tree, dict):
        return any(_holds(part, text) for part in tree.values())
    return any(_holds(part, text) for part in tree) if isinstance(tree, list) else tree == text


def _is_on_record(store: Store, stamps: Stamps, department_id: str) -> bool:
    """Whether a record belongs to it or names it in a field; lists of rows are not looked into."""
    everything = Door(store, RECORDS, stamps)
    for door in everything.types():
        fields = [one for one in door.compiled.by_address.values() if one.type.name == "department" and not one.in_rows]
        own = [one for one in fields if not one.frame]
        if any(door.naming(one, department_id) for one in (door.compiled.system["department"], *own)):
            return True
    return False


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
