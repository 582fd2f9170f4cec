"""Files, columns, dimensions and words of page and folder, as they were when somebody last looked at them.

After a change that is meant, write them anew, and look at the difference:
``SINCVIZ_PIN=1 python -m pytest tests/report/test_pinned.py``.
"""

import json
import os
import re
from html import unescape
from pathlib import Path

import pandas as pd
import xarray as xr

from tests.group_examples import manifest

PINNED = Path(__file__).with_name("pinned.json")


def outline(folder):
    """Return what does not depend on the numbers: names, columns, dimensions, headings, captions."""
    tables = {path.stem: pd.read_csv(path).columns.tolist() for path in sorted(folder.glob("tables/*.csv"))}
    arrays = {}
    for path in sorted(folder.glob("arrays/*.nc")):
        with xr.open_dataset(path, engine="scipy") as array:
            arrays[path.stem] = {
                name: f"({', '.join(map(str, variable.dims))}) {' '.join(sorted(variable.attrs))}".rstrip()
                for name, variable in sorted(array.variables.items())
            }
    page = (folder / "report.html").read_text("utf-8")
    captions = [unescape(one) for one in re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)]
    questions = [unescape(one) for one in re.findall(r"<h4>(.*?)</h4>", page)]
    headers = [
        re.findall(r"<th[^>]*>(.*?)</th>", row)
        for row in re.findall(r"<thead>(.*?)</thead>", page, re.DOTALL)
    ]
    contents = re.search(r'<nav class="nav nav-pills.*?</nav>', page, re.DOTALL).group()
    facts = json.loads(next(folder.glob("*.json")).read_text("utf-8"))
    return {
        "figures": sorted(path.name for path in folder.glob("figures/*")),
        "tables": tables,
        "arrays": arrays,
        "headings": re.findall(r">([^<>]+)</a>", contents),
        "questions": questions,
        "headers": headers,
        "captions": [re.sub(r"\d+(\.\d+)?", "#", caption) for caption in captions],
        "facts": sorted(facts),
    }


def check(name, now):
    pinned = json.loads(PINNED.read_text("utf-8")) if PINNED.exists() else {}
    if os.environ.get("SINCVIZ_PIN"):
        text = json.dumps(pinned | {name: now}, indent=1, ensure_ascii=False, sort_keys=True)
        PINNED.write_text(text + "\n", "utf-8")
    else:
        assert now == pinned[name]


def test_an_inspection_shows_and_writes_what_it_did(saved):
    check("inspection", outline(saved[0]))


def test_a_group_shows_and_writes_what_it_did(make, tmp_path):
    make(manifest(6, 2)).save(tmp_path / "group", progress=False)
    check("group", outline(tmp_path / "group"))
