"""Print the part of requirements.lock that production needs: neither the embedded servers nor the tools of developers.

The image must not carry the mongod of the extra `embedded` (SSPL). One lock stays the only source of versions.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = "dossier (pyproject.toml)"


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def blocks(lock: str) -> list[str]:
    """One block per pinned package, with its hashes and the comment that says who wants it."""
    return [block for block in re.split(r"\n(?=[A-Za-z0-9])", "\n" + lock) if re.match(r"[A-Za-z0-9]", block)]


def name_of(block: str) -> str:
    return normal(re.match(r"[A-Za-z0-9._-]+", block)[0])


def wanted_by(block: str) -> set[str]:
    """Names after `# via`."""
    comment = block.partition("# via")[2]
    return {line.strip(" #") for line in comment.splitlines() if line.strip(" #")}


def runtime(lock: str, project: dict) -> list[str]:
    """The blocks that the project's own dependencies lead to."""
    direct = {normal(re.match(r"[A-Za-z0-9._-]+", need)[0]) for need in project["dependencies"]}
    found, all_blocks = set(direct), blocks(lock)
    while True:
        more = {name_of(block) for block in all_blocks if {normal(who) for who in wanted_by(block)} & found} - found
        if not more:
            return [block for block in all_blocks if name_of(block) in found]
        found |= more


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    sys.stdout.write("\n".join(runtime((ROOT / "requirements.lock").read_text(), project)) + "\n")
