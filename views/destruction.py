"""Destruction cases: the list, one case with what may be done to it, and its certificate."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.access.grants import policy_for
from models.errors import N_, ArchiveError, FieldValueError, InvalidRecord, RecordNotFound
from models.lifecycle import cases as table
from models.lifecycle.cases import CaseState, ItemState
from models.operations import cases, certificates, destruction
from models.operations.keeping import of_person
from models.users import User, actor_of, documents
from views import carrying
from views.access import current_actor, current_door, current_stamps, current_store, may, needs
from views.api.answers import of_json
from views.guarded import GuardedView
from views.shell import type_label
from views.sign_in import words_of

S = CaseState
PHASES = (
    (N_("Proposed"), (S.DRAFT, S.APPRAISED, S.LISTED)),
    (N_("Authority"), (S.APPROVED, S.COOLING, S.ARMED)),
    (N_("Carried out"), (S.RUNNING, S.PURGED)),
    (N_("Proof"), (S.VERIFIED_LIVE, S.CERTIFIED_LIVE, S.BACKUPS_AGEING, S.CERTIFIED_FINAL, S.CLOSED)),
)
SHORT: Mapping[CaseState, str] = {
    S.DRAFT: N_("Draft"), S.APPRAISED: N_("Appraised"), S.LISTED: N_("Listed"), S.APPROVED: N_("Approved"),
    S.COOLING: N_("Cooling off"), S.ARMED: N_("Ready"), S.RUNNING: N_("Running"), S.PURGED: N_("Purged"),
    S.VERIFIED_LIVE: N_("Checked"), S.CERTIFIED_LIVE: N_("Live certificate"), S.BACKUPS_AGEING: N_("Backups ageing"),
    S.CERTIFIED_FINAL: N_("Final certificate"), S.CLOSED: N_("Closed"),
}  # fmt: skip
STEPS = (
    (ItemState.LOCKED, N_("Lock"), N_("hold, revision and rule are asked once more")),
    (ItemState.TOMBSTONED, N_("Tombstone"), N_("written into the ledger outside; cannot be taken back")),
    (ItemState.KEY_GONE, N_("Key"), N_("only the keys this case has condemned")),
    (ItemState.DATA_GONE, N_("Data"), N_("content, versions, search keys")),
    (ItemState.COPIES_GONE, N_("Copies"), N_("references become stubs")),
    (ItemState.CHECKED, N_("Check"), N_("a new process must fail to open them")),
)
LOOKS = {
    S.CERTIFIED_LIVE: "done", S.CERTIFIED_FINAL: "done", S.CLOSED: "done", S.REJECTED: "gone", S.CANCELLED: "gone",
    S.BLOCKED: "waiting", S.NEEDS_HUMAN: "waiting", S.RUNNING: "working", S.PURGED: "working",
}  # fmt: skip
ROLE_WORDS = {
    table.APPROVES: N_("approved"),
    table.STARTS: N_("asked for the start"),
    table.BEFORE: N_("was present and counted before"),
    table.AFTER: N_("signed after the check"),
    "resume": N_("went on after the cause was removed"),
}
WHY = {
    "right_lost": N_("Somebody who had approved no longer may. The signatures are void."),
    "manifest_changed": N_("The list is not the one that was signed. The signatures are void."),
    "residue": N_("Something of these records was found and could not be cleared."),
    "nothing_destroyed": N_("Every record was left as it was: see the reasons."),
}


class DestructionView(GuardedView):
    """Looking takes `cases:view`; each verb the right the table of cases says."""

    need = "cases:view"
    icon = "flame"

    @expose("/")
    def index(self) -> str:
        asked = request.args.get("state", "")
        states = [asked] if asked in set(S) else []
        found = cases.listed(current_store(), states=states)
        return self.render("destruction/index.html", cases=found, asked=asked, **words(), manages=may(table.MANAGE))

    @expose("/new/", methods=("GET", "POST"))
    @needs(table.MANAGE)
    def new(self) -> Any:
        typed = {name: request.values.get(name, "")[:20_000] for name in ("type", "numbers", "reason")}
        if request.method == "GET":
            return self._form(typed, {})
        try:
            numbers = typed["numbers"].split()
            if not numbers:
                raise InvalidRecord({"numbers": FieldValueError("required", N_("This has to be filled in."))})
            ids = current_door().open(typed["type"]).numbered(numbers[:500])
            case = cases.propose(current_actor(), current_store(), typed["type"], ids=ids, reason=typed["reason"])
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong)), wrong.status
        except ArchiveError as refused:
            return self._form(typed, {"numbers": refused.public_words(gettext)}), refused.status
        missed = len(set(numbers)) - len(case["chosen"])
        if missed:
            flash(gettext("Numbers that were not found: %(count)s", count=missed), "warning")
        flash(gettext("The case is a draft: nothing happens to its records yet."), "success")
        return redirect(self.get_url(".show", case_id=case["_id"]))

    def _form(self, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
        doors = [door for door in current_door().types() if door.may("view")]
        types = [(door.compiled.name, type_label(door.compiled)) for door in doors]
        return self.render("destruction/new.html", values=typed, errors=errors, types=types)

    @expose("/<case_id>/")
    def show(self, case_id: str) -> str:
        return self._show(case_id)

    @expose("/<case_id>/progress")
    def progress(self, case_id: str) -> Response | str:
        """The part that moves; a case that has come to a person reloads the page as a whole."""
        case = cases.find(current_store(), case_id)
        if case["state"] not in destruction.HANDS_OPEN:
            return Response(status=204, headers={"HX-Refresh": "true"})
        return self.render("destruction/_progress.html", case=case, steps=steps_of(case))

    @expose("/<case_id>/certificate/")
    def certificate(self, case_id: str) -> str:
        found = certificates.find(current_store(), case_id)
        return self.render("destruction/certificate.html", found=found, content=found["content"], **words())

    @expose("/<case_id>/certificate.json")
    def certificate_file(self, case_id: str) -> Response:
        found = certificates.find(current_store(), case_id)
        answer = of_json({name: found[name] for name in ("content", "signature", "state")})
        answer.headers["Content-Disposition"] = f'attachment; filename="{case_id}.json"'
        return answer

    @expose("/<case_id>/do/<verb>", methods=("POST",))
    def move(self, case_id: str, verb: str) -> Any:
        if verb not in table.PUBLIC_VERBS:
            raise RecordNotFound
        try:
            carrying.done(verb, case_id, request.form.to_dict())
        except RecordNotFound:
            raise
        except InvalidRecord as wrong:
            return self._show(case_id, verb=verb, errors=words_of(wrong)), wrong.status
        except ArchiveError as refused:
            return self._show(case_id, refusal=refused.public_words(gettext)), refused.status
        return redirect(self.get_url(".show", case_id=case_id))

    def _show(
        self, case_id: str, *, verb: str = "", errors: Mapping[str, str] | None = None, refusal: str = ""
    ) -> str:
        store = current_store()
        case = cases.find(store, case_id)
        show = request.args.get("show", "all")
        states = {"stopped": [ItemState.SKIPPED]}.get(show, [])
        return self.render(
            "destruction/case.html",
            case=case,
            stages=stages_of(case),
            steps=steps_of(case),
            items=cases.items_of(store, case, states=states),
            show=show,
            open=openings(case),
            refusal=refusal,
            errors={verb: errors or {}},
            supervisors=supervisors(case) if case["state"] == S.ARMED else [],
            moving=case["state"] in destruction.HANDS_OPEN,
            certified=store.data.certificates.find_one({"_id": case_id}, {"_id": 1}) is not None,
            **words(),
        )


def words() -> dict[str, Any]:
    """What the templates say."""
    labels = {compiled.name: type_label(compiled) for compiled in current_door().registry}
    return {
        "state_words": {state.value: gettext(text) for state, text in table.STATE_WORDS.items()},
        "looks": {state.value: LOOKS.get(state, "new") for state in S},
        "role_words": {role: gettext(text) for role, text in ROLE_WORDS.items()},
        "skip_words": {code: gettext(text) for code, text in table.SKIPS.items()},
        "why": {code: gettext(text) for code, text in WHY.items()},
        "item_steps": [state.value for state, _, _ in STEPS],
        "item_words": {state.value: gettext(text) for state, text, _ in STEPS},
        "type_labels": labels,
    }


def stages_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The way of a case in its four phases: done, now or to do, and when."""
    reached = {move["to"]: move["at"] for move in case["moves"]} | {"draft": case["proposed"]["at"]}
    now = case["state"]
    place = table.WAY.index(S(now)) if S(now) in table.WAY else -1
    phases = []
    for title, states in PHASES:
        marks = []
        for state in states:
            at = table.WAY.index(state)
            look = "now" if state == now else "done" if at < place or (place < 0 and state in reached) else "todo"
            marks.append({"word": gettext(SHORT[state]), "look": look, "at": reached.get(state.value)})
        phases.append({"title": gettext(title), "marks": marks})
    return phases


def steps_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How many items have come through each of the six steps."""
    counts = cases.progress(current_store(), case)
    total = sum(counts.values()) - counts.get(ItemState.SKIPPED, 0)
    way = list(table.ITEM_WAY)
    found = []
    for number, (state, word, what) in enumerate(STEPS, 1):
        done = sum(counts.get(later, 0) for later in way[way.index(state) :])
        found.append({"number": number, "word": gettext(word), "what": gettext(what), "done": done, "total": total})
    return found


def openings(case: Mapping[str, Any]) -> dict[str, bool]:
    """Verb → whether it is this person's to do now, as far as the page can tell; the verb judges."""
    manages, approves = may(table.MANAGE), may(table.APPROVE)
    verbs = table.verbs_from(case["state"])
    person = of_person(current_actor())
    named, begun = case.get("supervisor") or {}, case.get("started")
    firsts = [case["proposed"]["person"], (case.get("submitted") or {}).get("person", "")]
    told = [table.refusal_to_approve(first, table.signatures_of(case), person) for first in firsts]
    own = next((one for one in told if one), None)
    confirms = "confirm" in verbs and approves and bool(begun) and named.get("by") == current_actor().id
    return {
        "submit": manages and "appraise" in verbs,
        "approve": approves and "approve" in verbs and own is None,
        "own": approves and "approve" in verbs and own == "own_case",
        "reject": approves and "reject" in verbs,
        "cancel": (manages or approves) and "cancel" in verbs,
        "start": manages and "start" in verbs,
        "confirm": confirms,
        "resume": manages and "resume" in verbs,
        "reopen": manages and "reopen" in verbs,
    }


def supervisors(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who may supervise what this person starts."""
    store, mine = current_store(), of_person(current_actor())
    policy, now = policy_for(store, current_stamps()), store.clock.now()
    found = []
    for user in documents(store, User).filter(active=True).order_by("name").limit(500):
        actor = actor_of(store, user, current_stamps().users)
        if policy.may(actor, table.APPROVE, now) and of_person(actor) != mine:
            found.append((user.id, user.name))
    return found
