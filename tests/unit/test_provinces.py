"""A masked address names its province to people."""

import pytest

from views.provinces import named


@pytest.mark.parametrize(
    ("masked", "language", "shown"),
    [
        ("652928 ****", "zh_Hans_CN", "新疆维吾尔自治区 ****"),
        ("15 ****", "zh_Hant_TW", "內蒙古自治區 ****"),
        ("110105 ****", "en", "Beijing ****"),
        ("980000 ****", "en", "980000 ****"),
        ("DE-BY ****", "en", "DE-BY ****"),
        ("****", "en", "****"),
    ],
)
def test_a_division_code_becomes_the_name_of_its_province(masked, language, shown):
    assert named(masked, language) == shown
