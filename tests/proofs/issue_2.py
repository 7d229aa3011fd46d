"""Issue 2, sentence by sentence: registers, files as they come, the job engine, verification, destruction."""

from tests.proofs.evidence import Claim, measured, shown_by


def fault(number: int) -> Claim:
    """One fault of the paper, with real processes killed or Redis emptied where it names them."""
    words = f"fault F{number:02d}: nothing lost, nothing done twice"
    return Claim(words, "all pass", shown_by(rf"::test_f{number:02d}_"))


REGISTERS = (
    Claim(
        "complaint and repair go from first to last state in a browser", "all pass", shown_by("browser/test_registers")
    ),
    Claim(
        "every step by a wrong role is refused on page and REST", "all pass",
        shown_by("test_steps.*right_roles_alone", "test_steps.*no_person"),
    ),
    Claim(
        "attack 16: a reference tells only what the reader's plan gives", "all pass", shown_by("test_reference_attacks")
    ),
    Claim("attack 22: a file is refused wherever it is sent", "all pass", shown_by("file_is_refused_wherever")),
)
IMPORTS = (
    Claim(
        "files as they come, row by row, in five formats", "all pass", shown_by("test_load_hostile", "test_load_nons")
    ),
    Claim(
        "dry run, failed rows, progress and cancel on the page", "all pass", shown_by("test_import", "browser/test_imp")
    ),
    Claim(
        "attack 38: no file, map, key or report tells what the importer may not read", "all pass",
        shown_by("test_load_attacks", "test_38_"),
    ),
    Claim("killed workers bring every row in once", "60,000 rows with FULL=1", shown_by("test_import_campaign")),
    Claim("a large file is read in little memory", "200 MB in ≤ 300 MB with FULL=1", shown_by("test_large_files")),
    Claim("clean records loaded per second, by the whole command", "≥ 2,500/s", measured("load")),
)
JOBS = (
    Claim("runs are worked off under fenced leases, verbs logged", "all pass", shown_by("test_runs", "test_slots")),
    Claim("/admin/jobs/ and REST show runs to whom they concern", "all pass", shown_by("test_job_pages")),
    *(fault(number) for number in (2, 4, 6, 7, 9, 11, 12)),
)
VERIFICATION = (
    Claim("checks know their traps", "all pass", shown_by("test_checks", "test_rules")),
    Claim(
        "from an expired document over finding and task to the corrected record, in a browser", "all pass",
        shown_by("tests/browser/.*finding"),
    ),
    Claim("findings and tasks go to who may know of the field", "all pass", shown_by("test_verification")),
    Claim(
        "attacks 8, 26 and 35 on findings, tasks and jobs", "all pass",
        shown_by("who_may_not_know_the_field", "lost_right_shows_nothing", "what_was_removed_is_gone"),
    ),
    Claim(
        "records verify while workers are killed, every one with the right outcome", "100,000 with FULL=1",
        shown_by("killed_workers_leave_every_record"),
    ),
    Claim("verification per second, full and where nothing changed", "≥ 8,000 and ≥ 100,000", measured("verification")),
)
DESTRUCTION = (
    Claim(
        "two persons, a supervisor and a certificate; then page, REST, search, export and key store hold nothing",
        "all pass", shown_by("browser/test_destruction.*certificate", "test_destruction_pages.*nowhere"),
    ),
    Claim("a hold after the approval stops it", "all pass", shown_by("hold_after", "browser/test_destruction.*hold")),
    Claim("the states and verbs of a case are one table", "all pass", shown_by("unit/test_cases")),
    Claim(
        "a death, a zombie, a hold, a change after any write: the five invariants hold", "all pass",
        shown_by("explorer.*death", "explorer.*zombie", "explorer.*hold", "explorer.*change"),
    ),
    *(
        Claim(f"fault F{number:02d}, destruction", "all pass", shown_by(rf"destruction.*::test_f{number:02d}_"))
        for number in (1, 16, 24, 30, 31, 33, 45, 47, 50)
    ),
    Claim("one case survives 20 kills with one certificate", "all pass", shown_by("survives_many_kills")),
    Claim("no shipped rule has a period, and nothing is due", "all pass", shown_by("shipped_rules_have_no_period")),
    Claim("a certificate is checked without the archive", "all pass", shown_by("checked_without_the_archive")),
    Claim("destruction, records per second through six steps", "≥ 1,000/s", measured("destruction")),
)
CLAIMS = (*REGISTERS, *IMPORTS, *JOBS, *VERIFICATION, *DESTRUCTION)
