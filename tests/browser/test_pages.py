"""Every page of the panel: reachable for everybody, silent, within its window, in three languages."""

import pytest

from tests.attack.panel import process
from tests.browser.leftovers import Vocabulary
from tests.browser.pages import NO_PAGES, places_of, stops
from tests.browser.touring import axe_in, listened, served, walk

TOURS = {
    ("zh_Hans_CN", 1440): ("light", "dark"),
    ("zh_Hans_CN", 360): ("light", "dark"),
    ("zh_Hant_TW", 1440): (),
    ("en", 360): (),  # English is the longest, a phone the narrowest
}
"""Language and width → the themes in which axe looks at every page."""
SIMPLIFIED = [tour for tour in TOURS if TOURS[tour]]


@pytest.fixture(scope="module")
def served_house(house):
    with served(house) as url, listened(pytest.MonkeyPatch) as lacking:
        yield url, lacking


@pytest.fixture(scope="module")
def places(house):
    return places_of(house)


@pytest.fixture(scope="module")
def tour_of(browser, house, served_house, places):
    """The tour of a language and width, walked when it is first asked for."""
    words, walked = Vocabulary(house), {}  # after the places: they add to the data

    def tour(locale, width):
        if (locale, width) not in walked:
            walked[locale, width] = walk(
                browser, served_house[0], house, places, words,
                locale=locale, width=width, themes=TOURS[locale, width],
            )  # fmt: skip
        return walked[locale, width]

    return tour


def lines(faults):
    return "\n".join(dict.fromkeys(map(str, faults)))


def test_every_route_that_answers_with_a_page_is_walked_through(house, places):
    app = process(house.store)
    at = app.url_map.bind("localhost")
    walked = {
        at.match(path.partition("?")[0])[0] for _, path in stops(places, 1440) if not path.startswith(("/look", "/no"))
    }
    answering = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    programs = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert answering - programs == walked | set(NO_PAGES)
    assert not walked & set(NO_PAGES)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "width"), SIMPLIFIED)
def test_every_page_passes_axe(tour_of, places, locale, width, theme):
    tour = tour_of(locale, width)
    assert tour.walked == [stop for stop, _ in stops(places, width)]
    assert not (found := [one for one in tour.axe if one[1] == theme]), lines(found)


@pytest.mark.parametrize(("locale", "width"), TOURS)
def test_every_page_is_silent_in_the_console(tour_of, locale, width):
    assert not (said := tour_of(locale, width).console), lines(said)


@pytest.mark.parametrize(("locale", "width"), TOURS)
def test_every_page_fits_its_window_and_is_ours(tour_of, locale, width):
    assert not (found := tour_of(locale, width).layout), lines(found)


def test_no_page_lacks_a_string_in_three_languages(tour_of, served_house):
    tours = [tour_of(*one) for one in TOURS]
    _, lacking = served_house
    assert {locale for locale, _ in TOURS} == {"zh_Hans_CN", "zh_Hant_TW", "en"}
    assert not lacking, lines(sorted(lacking))
    assert not (found := [one for tour in tours for one in tour.words]), lines(found)


def test_axe_and_the_console_notice_what_is_wrong(enter):
    """The tools themselves: an element without a name, and one with a style of its own."""
    visitor = enter()
    page = visitor.open("/login")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button style=\"top: 0\"></button>')"
    )
    assert [rule for _, rule, _ in axe_in(page, "light")] == ["button-name"]
    assert len(visitor.said) == 1
    assert "Content Security Policy" in visitor.said.pop()
