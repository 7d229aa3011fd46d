"""A definition file may come from anybody: it is read as plain data or refused in words."""

import pytest

from models.definitions.sources import LARGEST_BYTES, parse_definition, read_definition
from models.errors import DefinitionError


def test_scalars_are_what_they_look_like():
    source = b"a: no\nb: 2026-01-01\nc: 1.5\nd: -12\ne: true\nf: ~\ng:\nh: '12'\ni: 1e5\nj: 0x1f\nk: 0123\nl: 1:30\n"
    assert parse_definition(source, "f") == {
        "a": "no", "b": "2026-01-01", "c": 1.5, "d": -12, "e": True, "f": None, "g": None, "h": "12",
        "i": "1e5", "j": "0x1f", "k": "0123", "l": "1:30",
    }  # fmt: skip


def test_a_byte_order_mark_and_chinese_are_read():
    assert parse_definition("\ufefftype: 企业".encode(), "f") == {"type": "企业"}


def test_an_alias_is_copied_out():
    found = parse_definition(b"a: &x {b: [1]}\nc: *x", "f")
    assert found == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert found["a"] is not found["c"]


def _laughs() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for former, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + former] * 10)}]")
    return "\n".join(lines).encode()


HOSTILE = {
    "billion laughs": (_laughs(), "holds more than 200000 values"),
    "an alias to itself": (b"a: &a [*a]", "nested deeper than 24 levels"),
    "an alias to nothing": (b"a: *b", "is not YAML: line 1, found undefined alias"),
    "python object": (b"a: !!python/object/apply:os.system ['true']", "line 1: tags (!) are not taken"),
    "python name": (b"a: !!python/name:os.system", "line 1: tags (!) are not taken"),
    "own tag": (b"type: x\na: !secret x", "line 2: tags (!) are not taken"),
    "binary tag": (b"a: !!binary aGk=", "line 1: tags (!) are not taken"),
    "UTF-16": ("type: x".encode("utf-16"), "is not UTF-8 (byte 0): save it as UTF-8"),
    "GBK": ("type: 企业".encode("gbk"), "is not UTF-8 (byte 6): save it as UTF-8"),
    "key twice": (b"a: 1\nb: {c: 1, c: 2}", "f: b: c stands here twice"),
    "list at the top": (b"[1, 2]", "must hold keys with values"),
    "text at the top": (b"hello", "must hold keys with values"),
    "empty": (b"", "must hold keys with values"),
    "only a comment": (b"# nothing", "must hold keys with values"),
    "deep": (b"a: " + b"[" * 5_000, "nested deeper than 24 levels"),
    "deep mappings": (b"".join(b" " * n + b"a:\n" for n in range(60)), "nested deeper than 24 levels"),
    "huge number": (b"a: " + b"9" * 5_000, "f: a: this number is larger than can be stored"),
    "number over 64 bits": (b"a: {b: 9223372036854775808}", "f: a.b: this number is larger than can be stored"),
    "huge fraction": (b"a: " + b"9" * 400 + b".0", "f: a: this number is larger than can be stored"),
    "list as a key": (b"? [1]\n: 2", "a key must be a plain word"),
    "two documents": (b"a: 1\n---\nb: 2", "line 2: one file holds one document"),
    "null character": (b'a: "\\0"', "f: a: this text holds a null character"),
    "null byte": (b"a: \x00", "is not YAML"),
    "control character": (b"a: \x07", "is not YAML"),
    "tab as indent": (b"a:\n\tb: 1", "is not YAML: line 2"),
    "open quote": (b"a: 'x", "is not YAML"),
    "too large": (b"a: " + b"x" * LARGEST_BYTES, "is larger than 2000000 bytes"),
    "many values": (b"a: [" + b"1," * 300_000 + b"]", "holds more than 200000 values"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_yaml_is_refused_in_words(case):
    source, words = HOSTILE[case]
    with pytest.raises(DefinitionError) as caught:
        parse_definition(source, "f")
    assert words in str(caught.value)
    assert str(caught.value).startswith("f: ")


def test_merge_keys_are_a_key_like_any_other():
    assert parse_definition(b"<<: {a: 1}", "f") == {"<<": {"a": 1}}


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(DefinitionError, match="No such file"):
        read_definition(tmp_path / "none.yaml")
    with pytest.raises(DefinitionError, match="Is a directory"):
        read_definition(tmp_path)


