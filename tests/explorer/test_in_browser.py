"""The explorer as a person uses it: from disk, without a network, by mouse and by keyboard, wide and narrow."""

import base64
import contextlib
import gzip
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from sincviz.explorer.embedding import explorer_html, explorer_page, script_hash
from sincviz.explorer.widget import Explorer
from sincviz.report.html import empty_page, save_page
from tests.explorer.synthetic_payload import FREQUENCY, NAMES, WINDOW, payload
from tests.report.test_browser import CONTRAST

pytestmark = pytest.mark.slow

HARM = "<img src=x onerror='window.ran=1'>\u202e"
STATUS = "document.querySelector('.status').textContent"
OVERFLOWING = """() => [...document.querySelectorAll("body *")].filter(element => {
  if (element.closest(".scroll") && !element.matches(".scroll") || element.matches(".hidden")) return false;
  const box = element.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.tagName + "." + element.getAttribute("class"))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages of a network that can be computed, of one that cannot, of one not readable, and of hostile names."""
    folder = tmp_path_factory.mktemp("explorers")
    texts = {
        "whole": payload(90),
        "read_only": payload(40, can_recompute=False),
        "unreadable": payload(40, readable=False),
        "apart": payload(40, over=("time",)),
        "timeless": payload(40, over=()),
        "hostile": payload(40, class_names=(HARM, "</script><script>window.ran=2</script>"), title=HARM),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(explorer_page(text, name), "utf-8")
    blocked = (folder / "whole.html").read_text("utf-8").replace("worker-src blob:; ", "")
    (folder / "without_worker.html").write_text(blocked, "utf-8")
    report = empty_page("A report")
    report.add_html(explorer_html(texts["whole"], owns_address=True), "Explorer")
    report.add_html("<p id='other'>no</p><script>other.textContent = 'ran'</script>", "Other")
    save_page(report, folder / "report.html", [script_hash()])
    return folder


@pytest.fixture
def opened(browser, pages):
    """Open a page of these, and close it afterwards."""
    with contextlib.ExitStack() as stack:

        def go(name, width=1280, colours="light", fragment=""):
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=colours, offline=True
            )
            stack.callback(context.close)
            page = context.new_page()
            page.said, page.asked = [], []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on("request", lambda request: page.asked.append(request.url))
            page.goto((pages / f"{name}.html").as_uri() + fragment)
            page.wait_for_selector(".sincviz-explorer .is-filters table")
            if name not in ("read_only",):
                page.wait_for_function(f"() => {STATUS}.includes('[')", timeout=20_000)
            page.wait_for_timeout(100)
            return page

        yield go


def key(name):
    return f"[data-key='{name}']"


def status(page):
    return page.evaluate(STATUS)


def edited(page):
    page.wait_for_function(f"() => {STATUS}.includes('before')", timeout=20_000)
    return status(page)


@pytest.mark.parametrize("name", ["whole", "read_only", "unreadable", "hostile", "apart", "timeless"])
def test_it_opens_from_disk_in_silence_and_asks_for_nothing(opened, pages, name):
    page = opened(name)
    own = (pages / f"{name}.html").as_uri()
    assert page.said == []
    assert [url for url in page.asked if url != own and not url.startswith("blob:null/")] == []


def test_hostile_names_are_shown_and_never_run(opened):
    page = opened("hostile")
    page.locator(key("row-mutedFilters-0")).click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran ?? null") is None
    title = page.locator("h2").inner_text()
    assert "<img src=x" in title
    assert "\\u{202e}" in title
    assert page.said == []


def test_three_clicks_tell_which_filter_carries_the_rhythm_what_is_misread_and_what_happens_without_it(
    opened,
):
    page = opened("whole")
    first = page.locator(".is-filters tbody tr").first
    assert "alpha" in first.inner_text()
    assert "52" in first.inner_text()
    page.locator(key("trials-misread")).click()
    page.wait_for_selector(".why li")
    rows = page.locator(".is-trials tbody tr")
    assert rows.count() == 8
    assert all("✗" in text for text in rows.all_inner_texts())
    before = status(page)
    first.locator("button.mute").click()
    after = edited(page)
    assert "91.1" in before
    assert "before 91.1" in after
    assert not after.startswith("Accuracy 91.1")
    assert page.locator(".tag", has_text="Edited network").is_visible()
    assert "never seen" in page.locator(".is-edits").inner_text()


def test_edits_are_undone_done_again_and_reset_by_keyboard(opened):
    page = opened("whole")
    before = status(page)
    page.locator(key("row-mutedFilters-0")).focus()
    page.keyboard.press("Space")
    muted = edited(page)
    assert page.evaluate("document.activeElement.dataset.key") == "row-mutedFilters-0"
    page.keyboard.press("Control+z")
    page.wait_for_function("text => document.querySelector('.status').textContent === text", arg=before)
    page.keyboard.press("Control+Shift+z")
    page.wait_for_function("text => document.querySelector('.status').textContent === text", arg=muted)
    page.locator(key("reset")).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("text => document.querySelector('.status').textContent === text", arg=before)
    assert page.locator(key("undo")).is_enabled()


def test_a_cut_off_is_dragged_in_one_step_or_typed(opened):
    page = opened("whole")
    handle = page.locator(".is-card .handle circle").nth(1).bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + 8 * step, y)
    page.mouse.up()
    edited(page)
    page.wait_for_timeout(200)
    assert float(page.locator(key("cut-high")).input_value()) > 15
    assert page.locator(".is-card .curve.was").count() == 1
    page.locator(key("undo")).click()
    page.wait_for_function(f"() => !{STATUS}.includes('before')")
    assert page.locator(key("undo")).is_disabled()
    page.locator(key("cut-low")).fill("9.5")
    page.keyboard.press("Tab")
    edited(page)
    assert "8–13 → 9.5–13 Hz" in page.locator(".edit-list").inner_text()


def test_a_view_is_restored_from_the_address(opened):
    page = opened("whole")
    for name in ("filter-3", "range-3", "trial-7", "row-mutedFilters-2", "band-mutedBands-1", "electrode-8"):
        page.locator(key(name)).click()
    text = edited(page)
    page.wait_for_timeout(500)
    fragment = page.evaluate("location.hash")
    again = opened("whole", fragment=fragment)
    again.wait_for_function("text => document.querySelector('.status').textContent === text", arg=text)
    for panel in (".is-card", ".is-spectrum", ".is-scalp table", ".is-trial", ".is-edits"):
        assert again.locator(panel).inner_text() == page.locator(panel).inner_text()
    assert opened("whole", fragment="#bm9uc2Vuc2U").said == []


def test_brushed_sums_are_those_of_the_arrays_and_the_interval_is_that_of_the_band(opened):
    page = opened("whole")
    rng = np.random.default_rng(1)
    sums = page.evaluate("document.querySelector('.sum strong').textContent").replace("−", "-")
    relevance, hz = arrays_of(payload(90))["relevance"][0], FREQUENCY
    inside = (hz >= 8) & (hz < 13)
    assert float(sums) == pytest.approx(relevance[:, inside].sum(), abs=0.006)
    page.locator(key("electrode-8")).hover()
    assert "C3" in page.locator(".readout").inner_text()
    assert "interval" in page.locator(".readout").inner_text()
    low, high = np.sort(rng.choice(np.arange(2, 60), 2, replace=False))
    for name, value in (("range-high", high), ("range-low", low)):
        page.locator(key(name)).fill(str(value))
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
    page.locator(key("electrode-8")).click()
    page.wait_for_function("() => document.querySelector('.sum').textContent.includes('C3:')")
    sums = page.evaluate("document.querySelector('.sum strong').textContent").replace("−", "-")
    assert float(sums) == pytest.approx(relevance[8, (hz >= low) & (hz < high)].sum(), abs=0.006)
    page.locator(key("electrode-10")).hover()
    assert "interval" not in page.locator(".readout").inner_text()


def arrays_of(text):
    found = json.loads(text)
    blob = gzip.decompress(base64.b64decode(found["blob"]))
    return {
        name: np.frombuffer(blob, "<f4", int(np.prod(entry["shape"])), entry["offset"]).reshape(
            entry["shape"]
        )
        for name, entry in found["header"]["arrays"].items()
        if entry["dtype"] == "f4"
    }


def test_frequencies_are_brushed_by_mouse_and_electrodes_by_a_line_around_them_or_by_arrows(opened):
    page = opened("whole")
    page.locator(".is-spectrum .brushed").scroll_into_view_if_needed()
    box = page.locator(".is-spectrum .brushed").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 100, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "() => document.querySelectorAll('.is-spectrum .chips [aria-pressed=true]').length === 0"
    )
    low, high = (float(page.locator(key(f"range-{end}")).input_value()) for end in ("low", "high"))
    assert 0 < low < high < 8
    page.locator(".is-scalp .readout").scroll_into_view_if_needed()
    head = page.locator(".is-scalp .head-map").bounding_box()
    corners = [(0.02, 0.4), (0.45, 0.4), (0.45, 0.6), (0.02, 0.6)]  # around T7 and C3
    spots = [(head["x"] + a * head["width"], head["y"] + b * head["height"]) for a, b in corners]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in (*spots[1:], spots[0]):
        page.mouse.move(*spot, steps=3)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.sum').textContent.includes('T7, C3')")
    page.locator(key(f"electrode-{NAMES.index('T7')}")).focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Cz:")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.sum').textContent.includes('T7, C3, Cz')")


def brush(page, panel, start, end):
    """Draw over a part of the width of a drawing."""
    drawing = page.locator(f".is-{panel} .brushed")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)


def of_electrode(page, name):
    """Return what the map shows of an electrode."""
    label = page.locator(key(f"electrode-{NAMES.index(name)}")).get_attribute("aria-label")
    return float(re.search(r"[+−]?[\d.]+", label.split(": ")[1])[0].replace("−", "-"))


def test_times_are_brushed_by_mouse_or_typed_and_the_map_is_of_them(opened):
    page = opened("whole")
    arrays = arrays_of(payload(90))
    course, cells, spectrum = (
        arrays[name][0, NAMES.index("C3")]
        for name in ("temporal_relevance", "time_frequency_relevance", "relevance")
    )
    assert of_electrode(page, "C3") == pytest.approx(spectrum[16:26].sum(), abs=0.006)
    brush(page, "time", 0.5, 0.8)
    low, high = (float(page.locator(key(f"time-{end}")).input_value()) for end in ("low", "high"))
    assert (low, high) == (0.5, 1.1)
    time_s = WINDOW
    inside = (time_s >= low) & (time_s < high)
    sums = page.locator(".is-time .sum strong").inner_text().replace("−", "-")
    assert float(sums) == pytest.approx(arrays["temporal_relevance"][0, :, inside].sum(), abs=0.006)
    # Both are chosen: cells of 8, 10 and 12 Hz from 0.5 to 1 s.
    both = cells[4:7, 4:7].sum()
    assert of_electrode(page, "C3") == pytest.approx(both, rel=0.01)
    words = page.locator(".is-scalp .cells").inner_text()
    assert words == "Sum of the cells centred on 8–12 Hz and 0.5 to 1 s; resolution 2.7 Hz and 0.27 s."
    page.locator(key("range-all")).click()
    page.wait_for_selector(".is-scalp .cells", state="detached")
    assert of_electrode(page, "C3") == pytest.approx(course[inside].sum(), rel=0.01)
    assert "Relevance of 0.5 to 1.1 s" in page.locator(".is-scalp").inner_text()
    page.locator(key("time-low")).fill("-0.3")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert of_electrode(page, "C3") == pytest.approx(
        course[(time_s >= -0.3) & (time_s < 1.1)].sum(), rel=0.01
    )
    page.locator(key("time-all")).focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    assert "Relevance of all frequencies;" in page.locator(".is-scalp").inner_text()


def test_frequencies_beyond_the_cells_say_what_is_left_out(opened):
    page = opened("whole")
    brush(page, "time", 0.5, 0.8)
    page.locator(key("range-4")).click()  # gamma
    page.wait_for_timeout(100)
    words = page.locator(".is-scalp .cells").inner_text()
    assert words.startswith("Sum of the cells centred on 30–40 Hz")
    assert words.endswith("Above 41 Hz lie 0.9 % of the relevance, left out here.")
    for name, value in (("range-low", 60), ("range-high", 70)):
        page.locator(key(name)).fill(str(value))
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
    words = page.locator(".is-scalp .cells").inner_text()
    assert words == "Above 41 Hz lie 0.9 % of the relevance, left out here."
    assert of_electrode(page, "C3") == 0


def test_times_are_in_the_address_and_in_the_copied_python(opened):
    page = opened("whole")
    brush(page, "time", 0.5, 0.8)
    page.wait_for_timeout(500)
    again = opened("whole", fragment=page.evaluate("location.hash"))
    for panel in (".is-time", ".is-scalp"):
        assert again.locator(panel).inner_text() == page.locator(panel).inner_text()
    again.locator(key("python")).click()
    code = again.locator(".code pre").inner_text()
    assert (
        "inspection.time_frequency_relevance.sel(frequency=slice(7, 13), time=slice(0.375, 1.125))"
        '.sum(("frequency", "time"))'
    ) in code
    again.locator(key("range-all")).click()
    again.wait_for_selector(".code", state="detached")
    again.locator(key("python")).click()
    code = again.locator(".code pre").inner_text()
    assert 'inspection.temporal_relevance.sel(time=slice(0.5, 1.1)).sum("time")' in code


def test_without_cells_a_range_of_time_replaces_that_of_frequency(opened):
    page = opened("apart")
    brush(page, "time", 0.5, 0.8)
    assert page.locator(key("range-all")).get_attribute("aria-pressed") == "true"
    assert "Relevance of 0.5 to 1.1 s" in page.locator(".is-scalp").inner_text()
    page.locator(key("range-2")).click()
    page.wait_for_timeout(100)
    assert page.locator(key("time-all")).get_attribute("aria-pressed") == "true"
    assert "Relevance of 8–13 Hz;" in page.locator(".is-scalp").inner_text()


def test_without_relevance_in_time_there_is_no_panel_and_no_word_of_it(opened):
    page = opened("timeless")
    assert page.locator(".is-time").is_hidden()
    assert "times" not in page.locator(".is-spectrum").inner_text()
    assert page.locator(".brushed").count() == 1


def test_the_map_stays_in_sight_of_the_times(opened):
    page = opened("whole")
    page.locator(".is-time .sum").scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 300)")
    assert page.locator(".is-scalp .head-map").bounding_box()["y"] > 0


def saved(folder, **changes):
    """Write a page of which some of what its explorer is told is changed, and return its address."""
    told = json.loads(payload(40))
    told["header"].update(changes)
    path = folder / "changed.html"
    path.write_text(explorer_page(json.dumps(told), "changed"), "utf-8")
    return path.as_uri()


def test_what_no_band_covers_is_called_by_its_limits_where_a_trial_was_misread(browser, tmp_path):
    bands = [
        band | {"name": "other", "words": f"around {band['ranges_hz'][0][0]} Hz"}
        for band in json.loads(payload(40))["header"]["bands"]
    ]
    with contextlib.closing(browser.new_page()) as page:
        page.goto(saved(tmp_path, bands=bands))
        page.locator(key("trials-misread")).click()
        page.wait_for_selector(".why li")
        assert all(line.startswith("around ") for line in page.locator(".why li").all_inner_texts())
        assert "spoke as a whole: around " in page.locator(".why").inner_text()
        assert (
            "Relevance for left hand against right hand: a sum of" in page.locator(".is-trial").inner_text()
        )


def test_without_relevance_nothing_is_said_of_it(browser, tmp_path):
    filters = json.loads(payload(40))["header"]["filters"]
    del filters["relevance_share"]
    with contextlib.closing(browser.new_page()) as page:
        page.goto(saved(tmp_path, readable=False, filters=filters))
        assert "relevance" not in page.locator(".is-filters").inner_text().lower()


@pytest.mark.parametrize("width", [390, 1000, 1600])
def test_colours_of_bands_are_explained_where_bands_are_drawn(opened, width):
    page = opened("whole", width=width)
    drawn = page.locator(".is-filters td.column-strip").first.is_visible()
    assert page.locator(".is-filters .key").is_visible() == drawn


def test_on_a_phone_the_relevance_of_trials_is_in_view(opened):
    page = opened("whole", width=320)
    width, room = page.evaluate(
        "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('.is-trials .scroll'))"
    )
    assert width <= room
    assert page.locator(".is-trials th.column-share").is_visible()


def test_python_is_put_away_again(opened):
    page = opened("whole")
    page.locator(key("python")).click()
    page.locator(key("python-close")).click()
    page.wait_for_selector(".code", state="detached")


def test_what_a_filter_adds_is_told_beyond_its_mean(opened):
    page = opened("whole")
    page.wait_for_selector(".is-card [data-key^=card-trial]")
    most, least = (
        page.locator(".is-card p", has_text=word).last.inner_text() for word in ("most in", "least in")
    )
    assert "compared with its mean over trials" in page.locator(".is-card").inner_text()
    assert set(re.findall(r" ([+−])\d", most)) == {"+"}
    assert set(re.findall(r" ([+−])\d", least)) == {"−"}


def test_where_workers_are_refused_the_page_computes_itself(opened):
    page = opened("without_worker")
    page.locator(key("row-mutedFilters-0")).click()
    expected = opened("whole")
    expected.locator(key("row-mutedFilters-0")).click()
    assert edited(page) == edited(expected)


def test_a_network_that_cannot_be_computed_says_why_and_offers_no_edit(opened):
    page = opened("read_only")
    assert "differs from trial to trial" in page.locator(".is-bar .note").inner_text()
    assert page.locator("button.mute, .handle, [data-key=undo]").count() == 0
    assert page.locator(".is-trials tbody tr").count() == 40


def test_what_cannot_be_read_is_seen_to_be_so(opened):
    page = opened("unreadable")
    assert "cannot be read from these trials" in page.locator(".verdict").inner_text()
    assert page.locator(".tag.warn", has_text="cannot be read").count() >= 3
    guarded = page.locator(".is-scalp .guarded").first
    assert guarded.evaluate("one => getComputedStyle(one).filter") == "grayscale(1)"


def test_a_notebook_keeps_it_when_it_becomes_a_page(browser, tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="a notebook needs sincviz[notebooks]")
    nbconvert = pytest.importorskip("nbconvert", reason="a notebook needs sincviz[notebooks]")
    shown = Explorer(payload(40), "left against right")._repr_html_()
    cell = nbformat.v4.new_code_cell("found.explore()")
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/html": shown}, execution_count=1)]
    html, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (tmp_path / "notebook.html").write_text(html, "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe[title='left against right']")
    frame.locator(key("row-mutedFilters-0")).click()
    frame.locator(".status", has_text="before").wait_for(timeout=20_000)
    assert page.url.endswith("notebook.html")
    context.close()


def test_a_report_runs_the_explorer_and_no_other_script(opened):
    page = opened("report")
    page.locator(key("row-mutedFilters-0")).click()
    assert "before" in edited(page)
    assert page.locator("#other").inner_text() == "no"
    assert all("Content Security Policy" in text for text in page.said)


@pytest.mark.parametrize("width", [390, 800, 1280, 1400])
@pytest.mark.parametrize("name", ["whole", "hostile", "unreadable"])
def test_nothing_overflows(opened, name, width):
    page = opened(name, width)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "unreadable"])
def test_text_stands_out_from_its_ground(opened, name, colours):
    page = opened(name, 1280, colours)
    page.locator(key("row-mutedFilters-0")).click()
    edited(page)
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "read_only", "unreadable"])
def test_axe_finds_no_serious_fault(opened, name, colours):
    node = shutil.which("node")
    found = node and subprocess.run(
        [node, "-p", "require.resolve('axe-core/axe.min.js')"], capture_output=True, text=True, check=False
    )
    if not found or found.returncode:
        pytest.skip("axe-core is not installed: `npm install axe-core`, and NODE_PATH names its node_modules")
    page = opened(name, 1280, colours)
    page.locator("summary").click()
    with open(found.stdout.strip(), encoding="utf-8") as file:
        page.evaluate(file.read())
    faults = page.evaluate("axe.run().then(result => result.violations)")
    assert [
        (fault["id"], fault["nodes"][0]["html"][:200])
        for fault in faults
        if fault["impact"] in ("serious", "critical")
    ] == []
