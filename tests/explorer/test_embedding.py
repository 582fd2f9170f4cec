"""The explorer as text: one script that a page's policy knows, and data that cannot leave its element."""

import base64
import hashlib
import html
import json
import re

import pytest

from sincviz.explorer.embedding import explorer_html, explorer_page, frame_html, script_hash, script_text
from sincviz.explorer.widget import Explorer
from tests.explorer.synthetic_payload import payload

HOSTILE = "</script><script>alert(1)</script><!--<script>"


def scripts_of(page):
    return re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)


def test_the_script_is_both_modules_in_one_and_cannot_end_its_element():
    text = script_text()
    assert "class Network" in text
    assert "class Explorer" in text
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE)
    assert "</script" not in text
    assert "<!--" not in text


def test_the_policy_of_the_page_admits_its_one_script_and_nothing_else():
    page = explorer_page(payload(4), "left against right")
    (kind, data), (_, script) = scripts_of(page)
    assert kind == ' type="application/json"'
    assert json.loads(data)["header"]["version"] == 1
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert script_hash() == f"'sha256-{digest}'"
    assert f"script-src {script_hash()};" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_names_that_mean_harm_stay_data():
    page = explorer_page(payload(4, title=HOSTILE), HOSTILE)
    (_, data), (_, script) = scripts_of(page)
    assert json.loads(data)["header"]["title"] == HOSTILE
    assert script == script_text()
    assert f"<title>{html.escape(HOSTILE)}</title>" in page


def test_only_a_page_of_its_own_keeps_its_view_in_the_address():
    text = payload(4)
    assert "data-owns-address>" in explorer_page(text)
    assert "data-owns-address>" not in explorer_html(text)
    assert "data-owns-address&gt;" not in frame_html(text)


def test_a_frame_holds_the_whole_page_and_may_only_run_it():
    frame = frame_html(payload(4), 'left "against" right', height_px=700)
    assert re.match(r'<iframe title="left &quot;against&quot; right" sandbox="allow-scripts" ', frame)
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"></iframe>$', frame)[1])
    assert inside == explorer_page(payload(4), 'left "against" right', owns_address=False)
    assert 'height="700"' in frame


def test_a_notebook_shows_the_frame_and_a_file_is_not_replaced_by_chance(tmp_path):
    explorer = Explorer(payload(4), "left against right")
    assert explorer._repr_html_().startswith("<iframe")
    assert len(repr(explorer)) < 80
    path = tmp_path / "explorer.html"
    explorer.save(path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        explorer.save(path)
    explorer.save(path, overwrite=True)
    assert path.read_text("utf-8") == explorer_page(payload(4), "left against right")
