"""Marks as HTML, drawn in Python: a list has hundreds of them, and a template macro costs ten times as much.

One `Pen` per language holds every word and icon translated and escaped; templates and rows share it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext
from markupsafe import Markup, escape

from models.access.cells import Cell
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field, in_language
from models.definitions.workflow import State
from models.errors import N_
from views.access import current_store
from views.formats import locale, tape
from views.marks import CODES, Mark, masked_text, text_of

GRADES = (N_("Public"), N_("Internal"), N_("Confidential"), N_("Secret"))
MOST_KEPT = 2_000
"""Fields whose options a pen remembers; types are compiled anew when they change."""
SEALS = (N_("seal|P"), N_("seal|I"), N_("seal|C"), N_("seal|S"))
"""One character each, after the bar: seals on values."""
WORDS = {
    "masked": N_("masked"),
    "locked": N_("Not yours to see"),
    "gap": N_("Gap"),
    "fillable": N_("Gap, may be filled"),
    "unread": N_("cannot be read back"),
    "filled": N_("Filled, not readable"),
    "unreadable": N_("Cannot be opened"),
    "empty": N_("not filled in"),
    "fill": N_("fill in"),
    "today": N_("today %(time)s"),
    "yesterday": N_("yesterday %(time)s"),
    "select": N_("Select %(name)s"),
    "restore": N_("Restore"),
}


class Pen:
    """Draws marks in one language. Everything it returns is safe to stand in a page."""

    def __init__(self) -> None:
        self.language = locale()
        self.words = {name: str(escape(gettext(text))) for name, text in WORDS.items()}
        self._icons: dict[tuple[str, str], Markup] = {}
        self._kinds: dict[tuple[str, int], Markup] = {}
        self._states: dict[tuple[str, str], Markup] = {}
        self._options: dict[Field, dict[str, str]] = {}
        self.sprite = current_app.jinja_env.globals["asset"]("vendor/tabler/icons.svg")  # type: ignore[operator]
        self.grades = tuple(self._grade(level) for level in range(4))
        lock, edit = self.icon("lock", "s"), self.icon("edit", "s")
        bar = '<span class="lock"><span class="bar">{}{}</span>{}</span>'
        self.lock = bar.format(lock, self.words["locked"], "")
        self.filled = bar.format(lock, self.words["filled"], "")
        self.gap = bar.format(edit, self.words["gap"], "")
        self.nothing = f'<span class="none"><span class="visually-hidden">{self.words["empty"]}</span></span>'
        self.unreadable = bar.format(lock, self.words["unreadable"], "")
        self._bar, self._edit = bar, edit

    def icon(self, name: str, size: str = "") -> Markup:
        """One icon of the sprite; beside a word."""
        key = (name, size)
        if key not in self._icons:
            kind = f"i {size}" if size else "i"
            self._icons[key] = Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
                kind, self.sprite, name
            )
        return self._icons[key]

    def _grade(self, level: int) -> Markup:
        name, seal = gettext(GRADES[level]), gettext(SEALS[level]).split("|")[-1]
        return Markup(
            '<span class="grade" data-g="{}" title="{}"><span aria-hidden="true">{}</span>'
            '<span class="visually-hidden">{}</span></span>'
        ).format(level, gettext("Grade: %(grade)s", grade=name), seal, gettext("Grade %(grade)s", grade=name))

    def kind(self, compiled: CompiledType) -> Markup:
        """The icon of a record's kind, with its word."""
        key = (compiled.name, compiled.version)
        if key not in self._kinds:
            label = in_language(compiled.labels, self.language)
            self._kinds[key] = Markup(
                '<span class="kind" title="{}">{}<span class="visually-hidden">{}</span></span>'
            ).format(label, self.icon(compiled.icon or "file-text"), label)
        return self._kinds[key]

    def state(self, found: State | None) -> Markup:
        """A state: its form and its word."""
        if found is None:
            return Markup("")
        key = (found.look, found.label(self.language))
        if key not in self._states:
            self._states[key] = Markup('<span class="state" data-s="{}">{}</span>').format(*key)
        return self._states[key]

    def mask(self, text: str, code: bool = True) -> str:
        """Masked text under its tape; what is copied is the masked text."""
        kind = "v no" if code else "v"
        return (
            f'<span class="mask"><span class="{kind}">{tape(text)}</span>'
            f'<span class="visually-hidden">{self.words["masked"]}</span></span>'
        )

    def short(self, cell: Cell | None) -> str:
        """A cell of a list: one line. None: the person may know of the field, but not its value here."""
        if cell is None:
            return self.lock
        if cell.mark == "value":
            return f'<span class="{"no" if cell.field.type.name in CODES else "line"}">{self.words_of(cell)}</span>'
        if cell.mark == "masked":
            return self.mask(masked_text(cell, self.language), cell.field.type.name in CODES)
        looks = {
            "empty": self.nothing, "filled": self.filled, "fillable": self.gap, "unreadable": self.unreadable
        }  # fmt: skip
        return looks[cell.mark]

    def words_of(self, cell: Cell) -> str:
        """A readable or masked cell in words, escaped."""
        if cell.mark == "masked":
            return self.mask(masked_text(cell, self.language), code=False)
        field = cell.field
        if field.options and not field.many and isinstance(cell.value, str):
            return self._option(field, cell.value)
        if field.type.plain_text and not field.many:
            return str(escape(cell.value))
        return str(escape(text_of(cell)))

    def _option(self, field: Field, key: str) -> str:
        """The label of an option; kept by field as it was compiled, since a list repeats a few of them."""
        known = self._options.get(field)
        if known is None:
            if len(self._options) >= MOST_KEPT:
                self._options.clear()
            known = {one.key: str(escape(in_language(one.labels, self.language))) for one in field.options}
            self._options[field] = known
        return known.get(key) or str(escape(key))

    def entries(self, marks: Iterable[Mark], edit: str | None) -> Markup:
        """The fields of a section, each with its name and grade.

        :param edit: the form in which they can be filled in
        """
        return Markup("\n".join([self._entry(one, f"{edit}#f-{one.field.id}" if edit else None) for one in marks]))

    def _entry(self, mark: Mark, edit: str | None) -> str:
        wide = " wide" if mark.wide and (mark.look == "value" or mark.parts) else ""
        return (
            f'<div class="fld{wide}"><dt>{escape(mark.label)}</dt><dd><div class="val">{self._whole(mark, edit)}</div>'
            f"{self.grades[mark.grade]}</dd></div>"
        )

    def whole(self, mark: Mark, edit: str | None = None) -> Markup:
        """A cell of a sheet, with all its parts.

        :param edit: where it can be filled in
        """
        return Markup(self._whole(mark, edit))

    def _whole(self, mark: Mark, edit: str | None) -> str:
        if mark.parts:
            inner = (
                f"<div><dt>{escape(part.label)}</dt><dd>{self._whole(part, edit)}"
                f"{self.grades[part.grade] if part.grade != mark.grade else ''}</dd></div>"
                for part in mark.parts
            )
            return f'<dl class="parts">{"".join(inner)}</dl>'
        drawn = {
            "masked": lambda: self.mask(mark.text, mark.code),
            "locked": lambda: self.lock,
            "filled": lambda: self.filled,
            "unreadable": lambda: self.unreadable,
            "fillable": lambda: self._fillable(edit if mark.enterable else None),
            "empty": lambda: self._empty(edit if mark.enterable else None),
            "value": lambda: self._value(mark),
        }
        return drawn[mark.look]() + "".join(map(self._finding, mark.findings))

    def _finding(self, line: Any) -> str:
        """A note under the value it is about."""
        icon = self.icon("circle-x" if line.look else "alert-triangle", "s")
        words = f"<span><b>{escape(line.label)}</b>: {escape(line.reason)}</span>"
        return f'<p class="finding {line.look}">{icon}{words}</p>'

    def found(self, count: int) -> str:
        """In a list: that verification found something on a record."""
        if not count:
            return ""
        words = escape(gettext("%(count)s findings", count=count))
        return (
            f'<span class="found" title="{words}">{self.icon("alert-triangle", "s")}'
            f'<span class="visually-hidden">{words}</span></span>'
        )

    def _fillable(self, edit: str | None) -> str:
        words = self.words["fillable"]
        inner = f'<a href="{escape(edit)}">{words}</a>' if edit else words
        return self._bar.format(self._edit, inner, f'<span class="m">{self.words["unread"]}</span>')

    def _empty(self, edit: str | None) -> str:
        link = f' <a class="u m" href="{escape(edit)}">{self.words["fill"]}</a>' if edit else ""
        return f'<span class="none">{self.words["empty"]}</span>{link}'

    def _value(self, mark: Mark) -> str:
        if mark.links:
            return "、".join(self._link(mark.field.target or "", *one) for one in mark.links)
        if mark.table and mark.field.type.name == "rows":
            return self._rows(mark)
        if mark.table:
            pairs = (f"<div><dt>{escape(key)}</dt><dd>{escape(text)}</dd></div>" for key, text in mark.table)
            return f'<dl class="parts">{"".join(pairs)}</dl>'
        return f'<span class="{"no" if mark.code else "words"}">{escape(mark.text)}</span>'

    def _link(self, target: str, id: str, words: str, opens: bool) -> str:
        """A reference; one that leads nowhere for this reader is words only."""
        if not opens:
            return f'<span class="m">{escape(words)}</span>'
        address = url_for("records.record", type_name=target, record_id=id)
        return f'<a class="u" href="{address}">{escape(words)}</a>'

    def _rows(self, mark: Mark) -> str:
        subs = [sub.label(self.language) for sub in mark.field.fields if sub.active]
        heads = "".join(f'<th scope="col">{escape(label)}</th>' for label in subs)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(text or '—')}</td>" for text in row) + "</tr>" for row in mark.table
        )
        return (
            f'<div class="mini-scroll" tabindex="0" role="region" aria-label="{escape(mark.label)}">'
            f'<table class="mini"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def moments(self) -> Callable[[datetime | None], str]:
        """今天 14:02 · 昨天 17:31 · 11-18 18:24 · 2024-11-18, for the rows of one page."""
        clock = current_store().clock
        zone, today = clock.zone, clock.today()
        yesterday = today - timedelta(days=1)
        this_day, day_before = self.words["today"], self.words["yesterday"]

        def friendly(moment: datetime | None) -> str:
            if moment is None:
                return ""
            local = moment.astimezone(zone)
            day = local.date()
            clock = f"{local.hour:02}:{local.minute:02}"  # strftime takes five times as long, twice a row
            if day == today:
                return this_day.replace("%(time)s", clock)
            if day == yesterday:
                return day_before.replace("%(time)s", clock)
            return f"{local.month:02}-{local.day:02} {clock}" if local.year == today.year else day.isoformat()

        return friendly


def pen() -> Pen:
    """The pen of this page's language, kept for the life of the process."""
    if "pen" not in g:
        pens: dict[tuple[str, str], Pen] = current_app.extensions["dossier.pens"]
        key = (locale(), request.script_root)
        if key not in pens:
            pens[key] = Pen()
        g.pen = pens[key]
    return g.pen


def init_app(app: Flask) -> None:
    app.extensions["dossier.pens"] = {}
    app.jinja_env.globals.update(
        pen=pen,
        icon=lambda name, size="": pen().icon(name, size),
        grade=lambda level: pen().grades[level],
        whole=lambda mark, edit=None: pen().whole(mark, edit),
        entries=lambda marks, edit=None: pen().entries(marks, edit),
    )
