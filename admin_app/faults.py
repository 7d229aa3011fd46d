"""What stops a start, in words that say what to do."""

from models.errors import ArchiveError, InvalidRecord


class StartFault(ArchiveError):
    """Something outside the program keeps it from starting: exit code 1."""

    def __init__(self, words: str, **places: object):
        super().__init__("cannot_start", words, **places)


class WrongUse(ArchiveError):
    """The command was called in a way that cannot work: exit code 2."""

    def __init__(self, words: str, **places: object):
        super().__init__("wrong_use", words, **places)


def in_words(fault: ArchiveError) -> str:
    """One line for a terminal; of values that do not fit, which and why."""
    if isinstance(fault, InvalidRecord):
        return "; ".join(f"{name}: {one}" for name, one in fault.errors.items())
    return str(fault)
