"""Issue 2, sentence by sentence: registers, files as they come, the job engine, verification, destruction."""

from tests.proofs.evidence import Claim, measured, shown_by


def fault(number: int) -> Claim:
    """One fault of the paper, with real processes killed or Redis emptied where it names them."""
    words = f"fault F{number:02d}: nothing lost, nothing done twice"
    return Claim(words, "all pass", shown_by(rf"::test_f{number:02d}_"))


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
CLAIMS = (*JOBS, *VERIFICATION)
