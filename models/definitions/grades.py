"""How sensitive a field is: who may see it follows from the grade unless a grant says otherwise."""

from enum import IntEnum


class Grade(IntEnum):
    """Ordered: a formula takes at least the highest grade of what it reads."""

    PUBLIC = 0
    INTERNAL = 10
    CONFIDENTIAL = 20
    SECRET = 30

    @property
    def word(self) -> str:
        """The name as it stands in definitions and REST."""
        return self.name.lower()

    @classmethod
    def by_name(cls, word: str) -> "Grade":
        """:raises KeyError: no such grade"""
        return cls[word.upper()]
