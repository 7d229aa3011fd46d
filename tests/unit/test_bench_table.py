"""The harness of the benchmarks and of the proof, without services."""

from tests.bench.findings import Aim, beside_stock, line, plain, row, times
from tests.bench.timing import Spread, in_turn
from tests.proofs.evidence import Evidence, Size, measured, read_report, shown_by


def test_a_spread_tells_middle_and_quartiles():
    spread = Spread.of([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (spread.low, spread.middle, spread.high) == (2.0, 3.0, 4.0)
    assert spread.width == 2.0
    assert spread.rate(12) == Spread(4.0, 3.0, 6.0)


def test_sides_take_turns_and_are_warmed_up():
    called = []
    spent = in_turn({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, budget_seconds=0)
    assert called == ["a", "b"] * 7
    assert set(spent) == {"a", "b"}


def test_a_ratio_is_held_against_its_aim():
    sides = {"ours": Spread(0.01, 0.01, 0.01), "stock": Spread(0.5, 0.4, 0.6)}
    assert beside_stock("lists", "x", sides, times(40)).reached
    assert not beside_stock("lists", "x", sides, times(60)).reached
    assert plain("plan", "x", "ms", 4.0).reached is None


def test_a_line_names_figure_ratio_and_aim():
    found = beside_stock("lists", "x", {"ours": Spread(0.01, 0.01, 0.01), "stock": Spread(0.5, 0.4, 0.6)}, times(60))
    told = line(row(found))
    assert "50.0 ×" in told
    assert "≥ 60 ×" in told
    assert told.endswith("short")
    assert str(Aim("ms", at_most=15)) == "≤ 15 ms"


def evidence(tmp_path, **known) -> Evidence:
    found = Evidence(tmp_path, Size(customers=500, full=False))
    found.__dict__.update(known)
    return found


def test_a_claim_without_tests_is_short(tmp_path):
    verdict = shown_by("no_such")(evidence(tmp_path, tests={"tests/unit/test_x.py::test_y": "passed"}))
    assert not verdict.reached
    assert "none for no_such" in verdict.figure


def test_a_claim_is_short_when_one_of_its_tests_is_skipped(tmp_path):
    ran = {"tests/unit/test_x.py::test_y": "passed", "tests/unit/test_x.py::test_z": "skipped"}
    assert shown_by("test_y")(evidence(tmp_path, tests=ran)).reached
    assert not shown_by("test_x")(evidence(tmp_path, tests=ran)).reached


def test_a_group_that_was_not_measured_is_short(tmp_path):
    assert not measured("plan")(evidence(tmp_path, findings={})).reached


def test_a_report_is_read_by_file_and_name(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase file="tests/unit/test_x.py" name="test_y"/>'
        '<testcase file="tests/unit/test_x.py" name="test_z"><failure/></testcase></testsuite></testsuites>'
    )
    assert read_report(report) == {"tests/unit/test_x.py::test_y": "passed", "tests/unit/test_x.py::test_z": "failed"}
