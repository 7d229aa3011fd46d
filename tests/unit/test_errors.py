"""What may be told to a person crosses processes whole."""

import inspect
import pickle

import pytest

from models import errors
from models.errors import ArchiveError, DefinitionError, FieldValueError, InvalidRecord, StaleRecord, Unavailable

FAULTS = (
    Unavailable(),
    StaleRecord(3),
    FieldValueError("too_long", "At most {most} characters.", most=40),
    InvalidRecord({"phone": FieldValueError("taken", "This value is taken.")}),
    DefinitionError("types/unit.yaml: fields", "must be a list"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_is_read_in_another_process_as_it_was_raised(fault):
    read = pickle.loads(pickle.dumps(fault))
    assert type(read) is type(fault)
    assert read.public_words() == fault.public_words()
    assert str(read) == str(fault)
    assert vars(read).keys() == vars(fault).keys()


def test_every_fault_without_words_of_its_own_crosses_too():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ArchiveError)]
    bare = [kind for kind in kinds if kind is not ArchiveError and not _asks(kind)]
    assert bare
    assert all(type(pickle.loads(pickle.dumps(kind()))) is kind for kind in bare)


def _asks(kind):
    wanted = list(inspect.signature(kind).parameters.values())
    return any(one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL) for one in wanted)
