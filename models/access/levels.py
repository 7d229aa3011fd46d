"""How much of a value an actor sees and how far they may change it. Each level includes those below it."""

from enum import IntEnum


class Read(IntEnum):
    """Gaps of ten leave room for levels between."""

    NONE = 0
    MASKED = 10
    FULL = 20

    @property
    def word(self) -> str:
        """The name as it stands in grants and REST."""
        return self.name.lower()


class Write(IntEnum):
    """FILL may set a value where there is none, without being able to read it."""

    NONE = 0
    FILL = 10
    EDIT = 20

    @property
    def word(self) -> str:
        """The name as it stands in grants and REST."""
        return self.name.lower()
