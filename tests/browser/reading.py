"""What a record page shows, field by field, and what the door says it should."""

from collections.abc import Iterator

from models.access.cells import Cell, Record
from models.access.door import TypeDoor
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field

LOCALE = "zh_Hans_CN"
WORDS = {"无权查看": "locked", "已填写，不可读": "filled"}
HEAD = ("department", "owner", "type", "state")
"""Shown in the head of the sheet, not among its fields."""
READ = """() => [...document.querySelectorAll(".sec .fields > .fld")].map(function leaf(box) {
  const inner = box.querySelectorAll(":scope > dd > .val > dl.parts > div, :scope > dd > dl.parts > div")
  const word = box.querySelector(":scope > dt").textContent.trim()
  const value = box.querySelector(":scope > dd > .val") || box.querySelector(":scope > dd")
  const grade = box.querySelector(":scope > dd > .grade")
  if (inner.length && inner[0].querySelector("dd > *")) return {word, parts: [...inner].map(leaf)}
  const copy = value.cloneNode(true)
  copy.querySelectorAll(".visually-hidden, .grade, .finding").forEach((one) => one.remove())
  const look = value.querySelector(".mask") ? "masked" : value.querySelector(".lock .m") ? "fillable"
    : value.querySelector(".lock") ? "lock" : value.querySelector(".none") ? "empty" : "value"
  return {word, look, text: copy.textContent.trim(), grade: grade && grade.dataset.g}
})"""

PANELS = """() => [...document.querySelectorAll(".related .relation")].map((panel) =>
  [panel.querySelector("h3").textContent.trim(), panel.querySelector(".no").textContent.trim()])"""
"""What refers to the record stands below its fields: label and how many."""


def shown(page) -> dict[str, tuple[str, str]]:
    """Label (of a sub-field after its object's) → look and text, as they stand on the page."""
    found = {}
    for one in page.evaluate(READ):
        for word, leaf in [(f"{one['word']} · {part['word']}", part) for part in one.get("parts", ())] or [
            (one["word"], one)
        ]:
            text = leaf["text"]
            look = WORDS[text] if leaf["look"] == "lock" else leaf["look"]
            found[word] = (look, text if look in ("masked", "value") else "")
    panels = {label: ("empty", "") if count == "0" else ("value", count) for label, count in page.evaluate(PANELS)}
    return found | panels


def told(record: Record) -> dict[str, Cell]:
    """Label → cell, as the door gives them; an object by its sub-fields."""
    found = {}
    for cell in record.cells.values():
        if cell.field.frame in HEAD or not cell.field.section:
            continue
        label = cell.field.label(LOCALE)
        if cell.cells:
            found |= {f"{label} · {sub.field.label(LOCALE)}": sub for sub in cell.cells.values()}
        else:
            found[label] = cell
    return found


def unknown(door: TypeDoor, compiled: CompiledType) -> list[Field]:
    """Fields of the type this actor may not even know of."""
    return [one for one in compiled.by_id.values() if one.active and not door.knows(one)]


def texts(record: Record) -> Iterator[tuple[str, str]]:
    """(address, text) of every value a full reader has, long enough to be looked for."""
    for cell in record.every_cell():
        if cell.cells or cell.mark != "value" or cell.field.frame or cell.field.type.name in ("choice", "boolean"):
            continue
        for value in cell.value if isinstance(cell.value, list) else [cell.value]:
            for text in _strings(value):
                if len(text) >= 6:
                    yield cell.field.address, text


def _strings(value) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
