"""The page as a person opens it: from disk, without a network, wide and narrow, light and dark."""

import contextlib

import pytest

from sincviz import inspect
from sincviz.inspection.contents import SECTIONS
from sincviz.plotting.canvas import figure_file

pytestmark = pytest.mark.slow

CONTRAST = """() => {
  const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("p, li, td, th, h4, h5, figcaption, a, code, strong, em, span")) {
    const shown = element.offsetParent && [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!shown) continue;
    const pair = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    const text = element.textContent.trim().slice(0, 40);
    if (ratio < 4.4) poor.push(element.tagName + ": " + text + " " + ratio.toFixed(1));
  }
  return poor;
}"""
# Below the bar at the top; the last headings cannot rise so far.
ARRIVED = """heading => {
  const headers = [...document.querySelectorAll("#content > .accordion-item > .accordion-header")];
  const top = headers.find(one => one.textContent.includes(heading)).getBoundingClientRect().top;
  const end = Math.abs(scrollY + innerHeight - document.documentElement.scrollHeight) < 2;
  return top >= 50 && (top < 250 || (end && top < innerHeight));
}"""
OVERFLOWING = """() => [...document.querySelectorAll("body *")].filter(element => {
  if (element.closest(".sincviz-scroll") && !element.matches(".sincviz-scroll")) return false;
  const box = element.getBoundingClientRect();
  return box.width && element.offsetParent && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.tagName + "." + element.className + ": " + element.textContent.trim().slice(0, 40))"""


@pytest.fixture(scope="module")
def pages(whole, weights_only, hostile, network, moved, simulation, tmp_path_factory):
    """Pages of an inspection with trials, without, with names that mean harm, and with many classes of long names."""
    many = moved(network(chs_info=simulation[0].info["chs"], n_outputs=20)).eval()
    many.scale = 1e6
    many.class_names = [
        f"imagery of the movement number {number} with the whole left hand" for number in range(20)
    ]
    labels = [many.class_names[number % 20] for number in range(40)]
    crowded = inspect(many, simulation[0], labels, only=["bands", "relevance", "evidence"], progress=False)
    folder = tmp_path_factory.mktemp("pages")
    inspected = {"whole": whole, "weights_only": weights_only, "hostile": hostile, "crowded": crowded}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(figure_file._DPI, ".png", 300)  # as users get them
        for name, inspection in inspected.items():
            inspection.report(folder / f"{name}.html")
    return folder


@pytest.fixture
def opened(browser, pages):
    """Open a page of these, and close it afterwards."""
    with contextlib.ExitStack() as stack:

        def go(name, width=1280, colours="light"):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=colours,
                reduced_motion="reduce",
                offline=True,
            )
            stack.callback(context.close)
            page = context.new_page()
            page.said, page.asked = [], []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on(
                "dialog", lambda dialog: (page.said.append(f"dialog: {dialog.message}"), dialog.dismiss())
            )
            page.on("request", lambda request: page.asked.append(request.url))
            page.goto((pages / f"{name}.html").as_uri())
            page.wait_for_timeout(300)
            return page

        yield go


NAMES = ("whole", "weights_only", "hostile", "crowded")


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_from_disk_in_silence_and_asks_for_nothing(opened, pages, name):
    page = opened(name)
    assert page.said == []
    own = (pages / f"{name}.html").as_uri()
    assert [url for url in page.asked if url != own and not url.startswith(("data:", "blob:null/"))] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_script_runs_but_those_of_the_page(opened, name):
    page = opened(name)
    ran = page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 1";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = 2'><a href='javascript:1'>");
          const asked = await fetch("https://example.org").then(() => "answered", () => "refused");
          await new Promise(done => setTimeout(done, 200));
          return [window.ran ?? null, asked, typeof bootstrap, typeof jQuery];
        }"""
    )
    assert ran == [None, "refused", "object", "function"]
    assert sum("Content Security Policy" in text for text in page.said) >= 3


def test_the_table_of_contents_jumps(opened):
    page = opened("whole")
    for heading in ("Evidence", "Summary", *(one.heading for one in SECTIONS if one.heading), "Methods"):
        page.locator("#toc a", has_text=heading).first.click()
        page.wait_for_function(ARRIVED, arg=heading, timeout=20_000)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_visible(opened, name):
    page = opened(name)
    sizes = page.eval_on_selector_all(
        "img.sincviz-figure", "all => all.map(one => [one.naturalWidth, one.clientWidth, one.clientHeight])"
    )
    assert len(sizes) >= 1
    assert all(natural > 500 and width > 300 and height > 100 for natural, width, height in sizes)


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_overflows(opened, name, width):
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_text_stands_out_from_its_ground(opened, width, colours):
    page = opened("whole", width, colours)
    assert page.evaluate(CONTRAST) == []


def test_dark_is_dark_and_figures_keep_their_ground(opened):
    page = opened("whole", colours="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
    figure = page.locator("img.sincviz-figure").first
    assert figure.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(255, 255, 255)"
