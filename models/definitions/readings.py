"""Pinyin of single characters, surname readings first, and the order that Chinese lists follow.

Only the table of pypinyin is loaded, by its path: importing the package would also load 40 MB of phrases
into every process.
"""

import gzip
import importlib.util
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from models.definitions.surnames import COMPOUND_SURNAMES, SURNAME_READINGS

LONGEST_PERSON_NAME = 4
"""Characters of a Chinese name with a simple surname; anything longer is read as a company."""


@cache
def _stroke_table() -> bytes:
    """One byte for each character from 㐀 on: kTotalStrokes of Unicode's Unihan database."""
    return gzip.decompress(files("models.definitions").joinpath("strokes.gz").read_bytes())


def strokes(char: str) -> int:
    """How many strokes a character has; 0 for what is none, and for rare ones beyond the basic plane."""
    table = _stroke_table()
    place = ord(char) - ord("㐀")
    return table[place] if 0 <= place < len(table) else 0


@cache
def _table() -> dict[int, str]:
    """Code point → readings with tone marks, by commas, the usual one first."""
    package = importlib.util.find_spec("pypinyin")
    if package is None or not package.submodule_search_locations:
        raise ImportError("pypinyin is not installed")
    path = Path(package.submodule_search_locations[0], "pinyin_dict.py")
    spec = importlib.util.spec_from_file_location("_pinyin_table", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pinyin_dict


@lru_cache(maxsize=10_000)
def toned(char: str) -> str:
    """Usual reading with its tone as a digit: 张 → "zhang1"; "" for what is no Chinese character."""
    marked = _table().get(ord(char), "").partition(",")[0]
    return _plain(marked) + _tone(marked) if marked else ""


@lru_cache(maxsize=10_000)
def readings(char: str) -> tuple[str, ...]:
    """Every reading without tones, the usual one first: 单 → ("dan", "chan", "shan")."""
    marked = _table().get(ord(char))
    if not marked:
        return ()
    return tuple(dict.fromkeys(_plain(reading) for reading in marked.split(",")))


@lru_cache(maxsize=10_000)
def surname_readings(char: str) -> tuple[str, ...]:
    """Every reading of a first character, readings as a surname first."""
    return tuple(dict.fromkeys((*SURNAME_READINGS.get(char, ()), *readings(char))))


def sort_key_of(name: str) -> str:
    """Order of a Chinese list as one string: character by character by pinyin and tone, then by strokes.

    Latin letters and digits stand before Chinese, case is ignored. At most the first 20 characters count.
    """
    surname = COMPOUND_SURNAMES.get(name[:2]) if len(name) <= LONGEST_PERSON_NAME + 1 else None
    if surname is None and 0 < len(name) <= LONGEST_PERSON_NAME:
        surname = SURNAME_READINGS.get(name[0], ())[:1]
    if not surname:
        return "".join(map(_sort_part, name[:20]))
    head = "".join(map(_surname_part, name, surname))
    return head + "".join(map(_sort_part, name[len(surname) : 20]))


def surnames_of(name: str) -> tuple[str, ...]:
    """What may be the surname of a person so called: 欧阳修 → 欧阳, 欧; John Smith → john, smith."""
    if not name:
        return ()
    if not readings(name[0]):
        words = name.lower().split()
        return tuple(dict.fromkeys((words[0], words[-1]))) if words else ()
    return (name[:2], name[0]) if name[:2] in COMPOUND_SURNAMES else (name[0],)


MOST_SPELLED = 30
"""Characters of a name that have pinyin and initials among its search keys."""


def spelled(name: str) -> tuple[list[str], list[str]]:
    """Pinyin and initials of a name, without tones and spaces, for each reading of its first character.

    张三丰 → [zhangsanfeng], [zsf]; 单雄信 → [shanxiongxin, danxiongxin, chanxiongxin], [sxx, dxx, cxx];
    nothing where nothing is Chinese.
    """
    if name.isascii():
        return [], []
    name = name[:MOST_SPELLED]
    parts = [_letters(char) for char in name]
    if not any(part and not char.isascii() for part, char in zip(parts, name, strict=True)):
        return [], []
    rest, firsts = "".join(parts[1:]), "".join([part[:1] for part in parts[1:]])
    heads = surname_readings(name[0]) or parts[:1]
    full = [head + rest for head in heads]
    letters = [head[:1] + firsts for head in heads]
    compound = COMPOUND_SURNAMES.get(name[:2])
    if compound:
        full.append("".join((*compound, *parts[2:])))
        letters.append("".join([part[:1] for part in (*compound, *parts[2:])]))
    if len(full) == 1:
        return full, letters
    return list(dict.fromkeys(full)), list(dict.fromkeys(letters))


@lru_cache(maxsize=10_000)
def _letters(char: str) -> str:
    """Usual reading of a character; letters and digits as they are, anything else not at all."""
    found = readings(char)
    if found:
        return found[0]
    return char.lower() if char.isascii() and char.isalnum() else ""


@lru_cache(maxsize=10_000)
def _sort_part(char: str) -> str:
    reading = toned(char)
    if reading:
        return f"~{reading}{strokes(char):02}{char}"
    return unicodedata.normalize("NFKC", char).casefold()


@lru_cache(maxsize=500)
def _surname_part(char: str, reading: str) -> str:
    tones = (marked for marked in _table().get(ord(char), "").split(",") if _plain(marked) == reading)
    return f"~{reading}{_tone(next(tones, ''))}{strokes(char):02}{char}"


def _plain(marked: str) -> str:
    """Letters of a reading without tone marks, ü as v."""
    letters = unicodedata.normalize("NFD", marked.replace("ü", "v").replace("ê", "e"))
    return "".join(char for char in letters.replace("u\u0308", "v") if "a" <= char <= "z")


_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}


def _tone(marked: str) -> str:
    return next((_TONES[char] for char in unicodedata.normalize("NFD", marked) if char in _TONES), "5")
