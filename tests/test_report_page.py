"""The report in a real browser: nothing asked of the network, nothing in the console, everything drawn and moving."""

import polars as pl
import pytest

from askwell import compare
from askwell.report import report
from browser import browser as browser
from browser import needs_browser
from fabricated import write_training

pytestmark = needs_browser


NAMES = ("random", "margin", "entropy", "margin-herding", "least-confidence")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A comparison, one of two-dimensional data (whose regions are drawn), and a training that collapsed."""
    home = tmp_path_factory.mktemp("page")
    plane = pl.DataFrame({"a": [i % 9 for i in range(90)], "b": [i % 7 for i in range(90)]})
    plane.with_columns(label=pl.when(pl.col("a") > 4).then(pl.lit("x")).otherwise(pl.lit("y"))).write_csv(
        home / "plane.csv"
    )
    for name, data, batches in (("iris", "iris", (3, 5)), ("plane", str(home / "plane.csv"), (5,))):
        compare(data, strategies=NAMES, rounds=3, batches=batches, splits=2, out=home / name)
    write_training(home / "training", collapsed=True)
    return {name: report(home / name) for name in ("iris", "plane", "training")}


@pytest.fixture
def visit(browser):
    """Open a report and wait until all is drawn; at the end nothing may have been said or asked for."""
    said, pages = [], []

    def go(path, width=1920, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda r: said.append(r.url) if r.url.split(":")[0] not in ("file", "data", "blob") else None,
        )
        pages.append(page)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=120_000)
        return page

    yield go
    for page in pages:
        page.close()
    assert said == []


OVERLAPS = """() => [...document.querySelectorAll('.plot')].flatMap((plot) => {
  const words = [...plot.querySelectorAll('.gtitle, .xtick text, .ytick text, .xtitle, .ytitle, .annotation-text')];
  // Slanted words' boxes overlap where the words themselves do not.
  const flat = (w) => !(w.getAttribute('transform') || '').includes('rotate(-40');
  const shown = words.filter((w) => w.textContent.trim() && flat(w));
  const boxes = shown.map((w) => [w.textContent, w.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1 && high > 3) found.push([a, b]);
  }));
  return found;
})"""


DRAWN = ".scatterlayer path, .heatmaplayer image"


@pytest.mark.parametrize(
    ("name", "width"), [("iris", 390), ("iris", 1920), ("plane", 1920), ("training", 390), ("training", 1920)]
)
def test_every_figure_is_drawn_within_the_page_and_no_words_overlap(visit, reports, name, width):
    page = visit(reports[name], width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    plots = page.query_selector_all(".plot")
    assert len(plots) >= 8
    for plot in plots:
        title = plot.query_selector(".gtitle").text_content()
        # Where nothing is told apart, the matrix of verdicts is question marks on blank tiles.
        assert plot.query_selector_all(".annotation" if title == "Row against column" else DRAWN), title
        box = plot.bounding_box()
        assert box["width"] > (150 if "after" in title else 250), title  # maps stand two by two on a phone
        assert box["x"] + box["width"] <= width, title
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 2000


def until(page, truth):
    """Wait for an expression; Playwright's own waiting evaluates strings, which the page's policy forbids."""
    for _ in range(200):
        if page.evaluate(truth):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {truth}")


def titles(figure):
    return [title.text_content() for title in figure.query_selector_all(".gtitle")]


@pytest.mark.parametrize("name", ["iris", "plane"])
def test_slider_play_and_belief(visit, reports, name):
    page = visit(reports[name])
    figure = page.query_selector(f'figure[data-name="where-{name}"]')
    assert titles(figure)[0].endswith("after 5 labels")
    slider = figure.query_selector(".step")
    slider.focus()
    slider.press("ArrowRight")
    until(page, "document.querySelector('figure[data-name^=where] .gtitle').textContent.includes('10 l')")
    assert figure.query_selector("output").text_content() == "batch 2 of 3"
    shown = "(f) => f.querySelector('.drawn').data.filter((t) => t.visible !== false).length"
    before = figure.evaluate(shown)
    figure.query_selector(".belief").check()
    assert figure.evaluate(shown) == before  # the one instead of the other
    hidden = figure.evaluate("(f) => f.querySelector('.drawn').data.findIndex((t) => t.visible === false)")
    assert hidden == figure.evaluate("(f) => f.querySelector('.drawn').layout.meta.class[0]")
    figure.query_selector(".play").click()
    assert figure.query_selector(".play").text_content() == "❚❚ Pause"
    until(page, "document.querySelector('.step').value === '2'")
    until(page, "document.querySelector('.play').textContent === '▶ Play'")
    assert titles(figure)[0].endswith("after 15 labels")


PLACE = """() => {
  const figure = document.querySelector('figure[data-name="reach"] .drawn');
  figure.scrollIntoView();
  const { xaxis, yaxis } = figure._fullLayout, box = figure.getBoundingClientRect();
  const steps = figure._fullData.find((trace) => trace.name === 'steps');
  const other = (+document.querySelector('figure[data-name="reach"] .step').value + 4) % steps.x.length;
  const place = [box.x + xaxis._offset + xaxis.l2p(steps.x[other]), box.y + yaxis._offset + yaxis.l2p(steps.y[other])];
  return [other + 1, ...place];
}"""


@pytest.mark.parametrize("name", ["iris", "plane"])
def test_a_click_on_a_label_shows_where_it_reaches(visit, reports, name):
    page = visit(reports[name])
    figure = page.query_selector('figure[data-name="reach"]')
    painted = "(f) => JSON.stringify([...f.querySelector('.drawn')._fullData[0].marker.color])"
    before = figure.evaluate(painted)
    label, *place = page.evaluate(PLACE)
    page.mouse.move(*place, steps=4)
    page.wait_for_timeout(200)
    page.mouse.click(*place)
    said = f"label {label}, class"
    until(page, f"document.querySelector('figure[data-name=reach] output').textContent.startsWith('{said}')")
    assert said in titles(figure)[0]
    assert figure.evaluate(painted) != before


SEE = """() => {
  const output = document.querySelector('output');
  window.seen = [];
  new MutationObserver(() => window.seen.push(output.textContent)).observe(output, { childList: true });
}"""


def test_the_painting_plays_from_its_start(visit, reports):
    page = visit(reports["training"])
    figure = page.query_selector('figure[data-name="decisions"]')
    assert titles(figure)[1] == "Groups over rounds, update 59"
    page.evaluate(SEE)
    figure.query_selector(".play").click()
    until(
        page, "window.seen.at(-1) === 'update 59' && document.querySelector('.play').textContent === '▶ Play'"
    )
    assert page.evaluate("window.seen") == [f"update {u}" for u in (0, 10, 20, 30, 40, 50, 59)]
    assert titles(figure)[1] == "Groups over rounds, update 59"


def test_colours_follow_the_reader_s_choice(visit, reports):
    page = visit(reports["iris"], scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "document.querySelector('.drawn').layout.font.color"
    assert (page.evaluate(paper), page.evaluate(ink)) == ("rgb(21, 24, 28)", "#e8e6e1")
    page.evaluate("delete document.documentElement.dataset.ready")
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    assert (page.evaluate(paper), page.evaluate(ink)) == ("rgb(255, 255, 255)", "#222222")
