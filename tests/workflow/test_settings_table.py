"""docs/settings.md says of every key which jobs it schedules, and Snakemake agrees."""

import pytest
from settings_table import OTHER, ROOT, Settings, document, fates, leaves, scheduled, table
from test_reruns import CHANGES

# Snakemake also makes states anew that are gone, to train from them
BY_STATES = ("smaller segments",)
NOT_SETTINGS = ("published.csv", "speeds.csv")


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return Settings(tmp_path_factory.mktemp("settings"))


@pytest.mark.slow
def test_the_page_has_every_key_once_and_is_current(settings):
    page = document(settings)
    assert page == (ROOT / "docs" / "settings.md").read_text(), "run: python tests/workflow/settings_table.py"
    keys = [key for key, _ in leaves()]
    rows = [line.split("|")[1] for line in page.split("## 2")[0].splitlines() if line.startswith("| `")]
    told = [name.strip(" `") for row in rows for name in row.split(",")]
    for key in keys:
        assert sum(name == key or (name.endswith(".*") and key.startswith(name[:-1])) for name in told) == 1, key


SCHEDULED = [c for c in CHANGES if c[0] not in BY_STATES and c[1] not in NOT_SETTINGS]


@pytest.mark.parametrize(("file", "old", "new", "jobs"), [c[1:] for c in SCHEDULED], ids=[c[0] for c in SCHEDULED])
def test_planned_jobs_are_those_that_snakemake_schedules(settings, file, old, new, jobs):
    """Those of test_reruns.py, which asks Snakemake."""
    before = settings.results({})
    path = settings.config / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    try:
        after = settings._results({})
    finally:
        path.write_text(text)
    planned = scheduled(before, after)
    planned.pop("generate", None)  # of another target, `films`
    assert planned == {rule: count for rule, count in jobs.items() if rule != "demo"}


def test_a_key_that_nobody_planned_is_found(settings, monkeypatch):
    """A new section that no value fits stops the walk, and is not left out."""
    monkeypatch.setitem(OTHER, "dataset.resolution", 33)
    with pytest.raises(Exception, match="resolution 33 is not a power of two"):
        fates(settings)


def test_rows_are_of_keys_that_share_their_jobs():
    found = {"a.b.c": ("x",), "a.b.d": ("x",), "a.e": ("y",), "f": ("x",), "g.h": None}
    assert table(found).splitlines()[2:] == ["| `a.b.*`, `f` | `x` |", "| `a.e` | `y` |", "| `g.h` | refused |"]
