"""Panels on paper and on the web: values where they belong, no overlapping text, colours that can be read."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from askwell.core import AskwellError
from askwell.plots import chart, files, web
from askwell.plots.chart import Dot, Dots, Line, Lines, Tiles
from askwell.plots.palette import _DARK, _KNOWN, _NIGHT, CLASSES, READABLE, SHADES, contrast, dark, ink

X = np.array([0.0, 10.0, 20.0])
LINES = Lines(
    "Panel", "labels", "accuracy",
    (Line("one", X, np.array([0.1, 0.2, 0.5]), np.array([0.0, 0.1, 0.4]), np.array([0.2, 0.3, 0.6]), "#0072b2", "o"),
     Line("another", X, np.array([0.1, 0.2, 0.5]), colour="#d55e00")),
    level=0.25, marks=((10.0, "it fell over"),),
)  # fmt: skip
DOTS = Dots(
    "Shares", "share (%)",
    (Dot("b", 3.0, 1.0, 4.0, "#0072b2", "s"), Dot("a", 1.0)),
    levels=((0.0, "nothing"),), shade=(-0.5, 0.5),
)  # fmt: skip
TILES = Tiles(
    "Map", "round", "", ["1", "2", "3"], ["x", "y"], np.array([[0, 50, 100], [np.nan, 1, 2]]), "%", SHADES, 0, 100,
    marks=((1, "here"),),
)  # fmt: skip


def texts(figure):
    figure.draw_without_rendering()
    found = [*figure.texts]
    for ax in figure.axes:
        found += [*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label]
        for axis, at in ((ax.xaxis, 0), (ax.yaxis, 1)):
            low, high = sorted(axis.get_view_interval())
            found += [t for t in axis.get_ticklabels() if low <= t.get_position()[at] <= high]
    return [(t.get_text(), Text.get_window_extent(t)) for t in found if t.get_text()]


@pytest.mark.parametrize(
    "panels",
    [
        [LINES],
        [LINES] * 5,
        [DOTS],
        [DOTS, DOTS],
        [TILES],
        [TILES] * 4,
        [LINES._replace(title="Other", y="nats"), LINES],
    ],
)
def test_no_text_overlaps_on_paper_and_all_of_it_is_on_the_page(panels):
    figure = files.draw_all(panels)
    shown = texts(figure)
    assert len(shown) > len(panels)
    for (a, box), (b, other) in combinations(shown, 2):
        assert not box.overlaps(other), f"'{a}' overlaps '{b}'"
    for text, box in shown:
        assert figure.bbox.x0 - 1 <= box.x0, text
        assert box.x1 <= figure.bbox.x1 + 1, text


def test_paper_has_the_values():
    figure = files.draw_all([LINES])
    (ax,) = figure.axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.1, 0.2, 0.5])
    figure = files.draw_all([DOTS])
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["b", "a"]
    figure = files.draw_all([TILES])
    shown = np.ma.getdata(figure.axes[0].collections[0].get_array())
    np.testing.assert_array_equal(shown[0], [0, 50, 100])


def test_nothing_to_draw_says_so():
    with pytest.raises(AskwellError, match="no records"):
        files.draw_all([])


def test_web_lines_have_bands_names_and_marks():
    (figure,) = web.draw_all([LINES])
    band, one, another = figure.data
    assert (band.fill, band.fillcolor) == ("toself", "#0072b2")
    np.testing.assert_array_equal(band.y, [0.0, 0.1, 0.4, 0.6, 0.3, 0.2])
    np.testing.assert_array_equal(one.y, [0.1, 0.2, 0.5])
    assert (one.marker.symbol, another.mode) == ("circle", "lines")
    said = {note.text: note for note in figure.layout.annotations}
    assert {"one", "another", "<b>!</b>"} == set(said)
    assert said["<b>!</b>"].hovertext == "it fell over"
    # Lines that end in one place get names 14 pixels apart, at least.
    assert abs(said["one"].ay - said["another"].ay) == pytest.approx(14)


def test_web_dots_and_tiles():
    (figure,) = web.draw_all([DOTS])
    assert [tuple(t.x) for t in figure.data] == [(1.0, 4.0), (3.0,), (1.0,)]
    (figure,) = web.draw_all([TILES])
    np.testing.assert_array_equal(figure.data[0].z[0], [0, 50, 100])
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 100)


def test_every_marker_has_a_symbol_on_the_web():
    assert {style.marker for style in _KNOWN.values()} <= set(web.SYMBOLS)


def test_alternative_text_says_what_is_where():
    assert chart.alt([LINES]) == "Line chart: accuracy by labels, a line for each of one, another."
    assert (
        chart.alt([DOTS, DOTS])
        == "Dot chart in 2 panels (Shares, Shares): share (%), a row for each of b, a."
    )


def test_contrast_by_hand():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG's well-known near miss


@pytest.mark.parametrize("colour", [*CLASSES, *(style.colour for style in _KNOWN.values())])
def test_colours_can_be_read_on_the_dark_page_and_as_text(colour):
    assert contrast(dark(colour), _NIGHT) >= READABLE
    assert contrast(ink(colour), "#ffffff") >= READABLE
    assert to_rgb(dark(colour))


def test_what_can_be_read_already_stays():
    assert ink("#0072b2") == "#0072b2"
    assert dark("#56b4e9") == "#56b4e9"
    assert _DARK["#ffffff"] == _NIGHT
