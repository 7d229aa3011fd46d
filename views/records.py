"""The pages of records: one view registered at start for every type there is or will be.

Its blueprint pops `type_name` from the address, and every page asks the door of that type what to show:
the compiled type and the plan behind the door are kept per version. Adding a view after the first request
is impossible in flask-admin; this way a type drawn at run time has its pages with the next request.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, request, session, url_for
from flask_admin import Admin, expose
from flask_babel import gettext

from models.errors import ArchiveError, StaleRecord
from models.operations import records as operations
from models.operations.preferences import keep_list
from views import chips, editing, exports, imports, marks, sheets, steps
from views.access import current_actor, current_door, current_store, load
from views.guarded import GuardedView
from views.listing import ListPage, list_parts
from views.preferences import way_back
from views.questions import Question

SELECTED_AT_ONCE = 200


class RecordsView(GuardedView):
    """List, record, form, trash, comparison and export of the type named in the address."""

    group = ""

    def create_blueprint(self, admin: Admin) -> Blueprint:
        blueprint = super().create_blueprint(admin)

        @blueprint.url_value_preprocessor
        def take_type(endpoint: str | None, values: dict[str, Any] | None) -> None:
            g.type_name = (values or {}).pop("type_name", None)

        @blueprint.url_defaults
        def give_type(endpoint: str, values: dict[str, Any]) -> None:
            values.setdefault("type_name", g.get("type_name"))

        return blueprint

    @property
    def door(self) -> Any:
        """The door of the type in the address.

        :raises RecordNotFound: no such type, or none for this person
        """
        if "type_door" not in g or g.type_door.compiled.name != g.type_name:
            g.type_door = current_door().open(g.type_name)
        return g.type_door

    # lists

    @expose("/")
    def index(self) -> Any:
        return self._list(trash=False)

    @expose("/trash/")
    def trash_list(self) -> Any:
        return self._list(trash=True)

    def _list(self, *, trash: bool) -> Any:
        page = ListPage(self.door, trash=trash)
        try:
            question = page.question()
        except ArchiveError as refusal:
            question = Question(trash=trash)
            listing = page.read(question)
            listing.refusal, listing.records = refusal, []
        else:
            listing = page.read(question)
        status = listing.refusal.status if listing.refusal else 200
        return self.render("records/list.html", **list_parts(page, listing)), status

    @expose("/count")
    def count(self) -> str:
        """How many there are, asked for by the page once its rows stand."""
        question = Question.asked(trash=bool(request.args.get("trash")))
        shown = request.args.get("shown", "")
        return self.render(
            "records/_count.html", count=self.door.count(question.query(None)), shown=shown if shown.isdigit() else "?"
        )

    @expose("/suggest")
    def suggest(self) -> str:
        """For a list without rows: what each condition keeps out."""
        trash = bool(request.args.get("trash"))
        page = ListPage(self.door, trash=trash)
        return self.render("records/_suggest.html", suggestions=page.suggestions(Question.asked(trash=trash)))

    @expose("/condition")
    def condition(self) -> Any:
        """The inputs of one condition, for the field chosen in the builder."""
        page = ListPage(self.door)
        found = page.condition_on(request.args.get("field"))
        if found is None:
            return "", 404
        field, operators = found
        return self.render(
            "records/_condition.html", field=field, presets=chips.presets(field, operators),
            options=editing.condition_options(field),
        )  # fmt: skip

    @expose("/narrow")
    def narrow(self) -> Any:
        """Add a condition to the question and go to its list."""
        page = ListPage(self.door, trash=bool(request.args.get("trash")))
        question = Question.asked(trash=page.trash)
        found = page.condition_on(request.args.get("field"))
        if found:
            try:
                leaf = chips.leaf_from(request.args, *found)
                return redirect(page.address(question, where=question.narrowed(leaf)))
            except ArchiveError as error:
                flash(error.public_words(gettext), "error")
        return redirect(page.address(question))

    @expose("/builder")
    def builder(self) -> str:
        """The condition builder, fetched when it is opened."""
        page = ListPage(self.door, trash=bool(request.args.get("trash")))
        return self.render("records/_narrow.html", conditions=page.conditions(), question=Question.asked(), page=page)

    @expose("/columns", methods=("GET", "POST"))
    def columns(self) -> Any:
        """The column chooser, fetched when it is opened; keeps the columns and the order for this person."""
        page = ListPage(self.door)
        if request.method == "GET":
            chosen = {field.id for field in page.chosen()}
            return self.render("records/_columns.html", choosable=page.choosable(), chosen=chosen)
        offered, sort = {field.id for field in page.choosable()}, request.form.get("sort", "")
        columns = [id for id in request.form.getlist("column") if id in offered]
        habits: dict[str, Any] = {"columns": columns, "sort": sort if page.may_sort(sort) else ""}
        if request.form.get("reset"):
            habits = {"columns": [], "sort": ""}
        keep_list(current_store(), current_actor(), self.door.compiled.name, habits)
        return redirect(way_back(request.form.get("back", "")))

    @expose("/unmask", methods=("POST",))
    def unmask(self) -> Any:
        """Show or cover confidential columns of this list for this session. Showing is logged."""
        name = self.door.compiled.name
        shown = set(session.get("unmasked", []))
        if request.form.get("show") == "1":
            current_store().audit.append(self.door.entry("show_confidential", name, [], []))
            shown.add(name)
        else:
            shown.discard(name)
        session["unmasked"] = sorted(shown)
        return redirect(way_back(request.form.get("back", "")))

    @expose("/selected", methods=("POST",))
    def selected(self) -> Any:
        """Do one thing with the rows picked: each is asked for and judged by itself."""
        ids = list(dict.fromkeys(request.form.getlist("id")))[:SELECTED_AT_ONCE]
        verb = request.form.get("verb", "")
        back = way_back(request.form.get("back", ""), url_for("records.index"))
        if verb == "export" and ids:
            where = {"all": [{"field": "id", "op": "in", "value": ids}]}
            return redirect(url_for("records.export", **Question(where=where).args()))
        done, refused = editing.each_of(self.door, ids, verb)
        words = {"trash": gettext("%(count)s moved to the trash.", count=done),
                 "restore": gettext("%(count)s restored.", count=done)}  # fmt: skip
        if done:
            flash(words[verb], "success")
        if refused:
            flash(
                gettext("%(count)s stayed: not yours to change, or changed meanwhile.", count=refused),
                "error",
            )
        return redirect(back)

    # one record

    @expose("/new/", methods=("GET", "POST"))
    def new(self) -> Any:
        return editing.new_page(self, self.door)

    @expose("/<record_id>/")
    def record(self, record_id: str) -> str:
        record = load(self.door, record_id)
        marks.prepare_names([record])
        return self.render("records/record.html", **sheets.sheet_parts(self.door, record))

    @expose("/<record_id>/timeline")
    def timeline(self, record_id: str) -> str:
        """Older entries of the timeline, to go below those shown."""
        record = load(self.door, record_id)
        return self.render("records/_timeline.html", **sheets.earlier(self.door, record, request.args))

    @expose("/<record_id>/edit/", methods=("GET", "POST"))
    def edit(self, record_id: str) -> Any:
        return editing.edit_page(self, self.door, record_id)

    @expose("/<record_id>/transitions/<step>/", methods=("GET", "POST"))
    def step(self, record_id: str, step: str) -> Any:
        """One step of the record: its small form, or the record moved by it."""
        return steps.step_page(self, self.door, record_id, step)

    @expose("/<record_id>/trash", methods=("POST",))
    def trash(self, record_id: str) -> Any:
        return self._verb(record_id, lambda: operations.trash(self.door, record_id, expected=expected_revision()),
                          gettext("Moved to the trash."), url_for("records.index"))  # fmt: skip

    @expose("/<record_id>/restore", methods=("POST",))
    def restore(self, record_id: str) -> Any:
        return self._verb(record_id, lambda: operations.restore(self.door, record_id, expected=expected_revision()),
                          gettext("Restored."))  # fmt: skip

    @expose("/<record_id>/revisions/<int:number>/revert", methods=("POST",))
    def revert(self, record_id: str, number: int) -> Any:
        done = gettext("The content of revision %(number)s stands again.", number=number)
        return self._verb(
            record_id, lambda: operations.revert(self.door, record_id, number, expected=expected_revision()), done
        )

    def _verb(self, record_id: str, act: Any, done: str, target: str = "") -> Any:
        """Act, say so, and go on; a refusal is said on the page the person came from."""
        page = url_for("records.record", record_id=record_id)
        try:
            act()
        except StaleRecord:
            flash(gettext("Somebody else changed this record meanwhile; nothing was done. Look again."), "error")
            return redirect(page)
        flash(done, "success")
        return redirect(target or page)

    @expose("/<record_id>/revisions/<int:number>/diff")
    def diff(self, record_id: str, number: int) -> str:
        """What one revision changed, as far as this person may read it."""
        return self.render(
            "records/_diff.html", changes=sheets.changes_between(self.door, record_id, number - 1, number)
        )

    @expose("/<record_id>/compare/")
    def compare(self, record_id: str) -> Any:
        return self.render("records/compare.html", **sheets.compare_parts(self.door, record_id, request.args))

    @expose("/lookup/<field_id>")
    def lookup(self, field_id: str) -> Any:
        return editing.lookup(self.door, field_id, request.args.get("q", ""))

    # export

    @expose("/export/")
    def export(self) -> Any:
        return exports.dialog(self, self.door)

    @expose("/export/download", methods=("POST",))
    def download(self) -> Any:
        return exports.download(self.door)

    # import

    @expose("/import/")
    def import_start(self) -> Any:
        return imports.start_page(self, self.door)

    @expose("/import/upload", methods=("POST",))
    def import_upload(self) -> Any:
        return imports.upload(self.door)

    @expose("/import/<import_id>/")
    def import_show(self, import_id: str) -> Any:
        return imports.show(self, self.door, import_id)

    @expose("/import/<import_id>/progress")
    def import_progress(self, import_id: str) -> Any:
        return imports.progress(self, self.door, import_id)

    @expose("/import/<import_id>/check", methods=("POST",))
    def import_check(self, import_id: str) -> Any:
        return imports.check(self.door, import_id)

    @expose("/import/<import_id>/load", methods=("POST",))
    def import_load(self, import_id: str) -> Any:
        return imports.load(self.door, import_id)

    @expose("/import/<import_id>/cancel", methods=("POST",))
    def import_cancel(self, import_id: str) -> Any:
        return imports.cancel(self.door, import_id)

    @expose("/import/<import_id>/discard", methods=("POST",))
    def import_discard(self, import_id: str) -> Any:
        return imports.discard(self.door, import_id)

    @expose("/import/<import_id>/failed")
    def import_failed(self, import_id: str) -> Any:
        return imports.failed(self.door, import_id)


def expected_revision() -> int:
    """The revision the person was looking at."""
    given = request.form.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
