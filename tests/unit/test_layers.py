"""Imports point one way, down the floors of the house; read from the source, so that nothing need run."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("admin_app", "views", "jobs", "seed", "models")
MAY_IMPORT = {
    "admin_app": {"views", "jobs", "seed", "models"},
    "views": {"jobs", "models"},
    "jobs": {"models"},
    "seed": {"models"},
    "models": set(),
}
FLOORS = (
    {"errors", "store"},
    {"crypto"},
    {"audit", "users"},
    {"definitions"},
    {"lifecycle", "search"},
    {"access"},
    {"operations"},
)
# Helpers of the accounts, pure or on the floor of the users they serve.
BESIDE = {"passwords": 0, "usernames": 0, "cursors": 0, "attempts": 2, "directory": 2, "sessions": 2}
NOT_IN_MODELS = {"flask", "flask_admin", "flask_babel", "flask_login", "wtforms", "rq", "redis", "pydantic_settings"}


def sources():
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path, *, late=True):
    """Dotted names a module imports; without those for type checking, and without those inside functions on demand."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _run(tree, late):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _run(node, late):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if not late and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _run(child, late)


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor(module):
    """The floor of a module of `models`; None for the package itself."""
    parts = module.split(".")
    if len(parts) < 2:
        return None
    name = parts[1]
    return BESIDE.get(name, next((n for n, names in enumerate(FLOORS) if name in names), -1))


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_packages_import_downwards(path):
    package = module_of(path).split(".")[0]
    used = {name.split(".")[0] for name in imported(path)} & set(PACKAGES)
    assert used <= MAY_IMPORT[package] | {package}


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.py")), ids=module_of)
def test_models_import_down_the_floors(path):
    own = floor(module_of(path))
    if own is None:
        return
    assert own >= 0, f"{module_of(path)} stands on no floor: add it to FLOORS or BESIDE"
    higher = {name for name in imported(path) if name.startswith("models.") and (floor(name) or 0) > own}
    assert not higher


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.py")), ids=module_of)
def test_models_know_neither_web_nor_queue_nor_environment(path):
    names = set(imported(path))
    assert not {name.split(".")[0] for name in names} & NOT_IN_MODELS
    source = path.read_text(encoding="utf-8")
    assert "os.environ" not in source
    assert "getenv" not in source


@pytest.mark.parametrize("path", sorted((ROOT / "jobs").rglob("*.py")), ids=module_of)
def test_jobs_read_no_environment(path):
    assert "os.environ" not in path.read_text(encoding="utf-8")


def test_no_circles():
    """Imports at the top of modules form no ring."""
    modules = {module_of(path): path for path in sources()}
    graph = {}
    for name, path in modules.items():
        wanted = set()
        for target in imported(path, late=False):
            found = target if target in modules else target.rpartition(".")[0]
            if found in modules and found != name:
                wanted.add(found)
        graph[name] = wanted
    done, under_way = set(), []

    def visit(name):
        if name in done:
            return
        assert name not in under_way, " → ".join([*under_way[under_way.index(name) :], name])
        under_way.append(name)
        for wanted in sorted(graph[name]):
            visit(wanted)
        under_way.pop()
        done.add(name)

    for name in sorted(graph):
        visit(name)


def test_every_package_is_declared():
    """pyproject.toml lists packages by name: one that is forgotten is missing from the installed panel."""
    import tomllib

    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {module_of(path.parent) for path in sources() if path.name == "__init__.py"}
    folders = {module_of(path.parent) for path in sources()}
    assert folders == found
    assert {name.replace("/", ".") for name in found} == declared


def test_no_package_lies_under_tests():
    assert not list((ROOT / "tests").rglob("__init__.py"))
