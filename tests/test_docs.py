"""Documents are where they are cited: sections, links, paths, rooms, protocols; and nothing outside the repository is cited."""

import re
from pathlib import Path

import pytest
from test_floors import FLOORS

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (".ci", "config", "docs", "envs", "profiles", "rules", "stylesv", "tests", "workflow", "workflow_scripts")
SUFFIXES = {"", ".cpp", ".html", ".json", ".lock", ".md", ".py", ".sh", ".smk", ".toml", ".yaml", ".yml"}
NUMBERS = r"\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*"
CITATION = re.compile(rf"docs/(\w+\.md) ({NUMBERS})")  # docs/model.md 2.3 and 2.4
CROSS_REFERENCE = re.compile(rf"\[\w+\.md\]\((\w+\.md)\) ({NUMBERS})")  # [model.md](model.md) 2.3
HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)*) (\S.*)$", re.M)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:config|docs|envs|profiles|rules|stylesv|tests|workflow_scripts)/[\w./-]*)`")
# notes that the project was made from, which are not part of it
NOTES = re.compile(r"\b(?:SPEC|ECOSYSTEM|PAPER|DESIGN)\b|\b(?:WORKFLOW|FIELD|STYLE)\.md\b")


def text_files(root: Path) -> list[Path]:
    """The repository's texts, without what a build or a run has left beside them."""
    files = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files += [path for path in (root / folder).rglob("*") if path.is_file()]
    data = root / "tests" / "golden"  # whose JSON describes arrays
    files = [path for path in files if path.suffix != ".json" or not path.is_relative_to(data)]
    return sorted(p for p in files if p.suffix in SUFFIXES and "__pycache__" not in p.parts and p != Path(__file__))


def sections_of(text: str) -> list[str]:
    """Numbers of a document's headings, in order."""
    return [number for number, _ in HEADING.findall(text)]


def numbers_in(text: str) -> list[str]:
    """`2.3 and 2.4` -> 2.3, 2.4."""
    return re.findall(r"\d+(?:\.\d+)*", text)


def anchors_of(text: str) -> set[str]:
    """What links to a document may have behind #: headings in lower case, without marks, with - for spaces."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def bad_citations(text: str, documents: dict[str, list[str]], pattern: re.Pattern[str] = CITATION) -> list[str]:
    """Citations whose document or section is not there."""
    missing = [file for file in re.findall(r"docs/(\w+\.md)", text) if file not in documents]
    return missing + [
        f"{file} {number}"
        for file, numbers in pattern.findall(text)
        for number in numbers_in(numbers)
        if file in documents and number not in documents[file]
    ]


def bad_links(path: Path, text: str) -> list[str]:
    """Links to files or headings that are not there."""
    bad = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = path.parent / file if file else path
        if not goal.exists() or (anchor and anchor not in anchors_of(goal.read_text())):
            bad.append(target)
    return bad


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    return {path: path.read_text() for path in text_files(ROOT)}


@pytest.fixture(scope="module")
def documents(texts) -> dict[str, str]:
    return {path.name: text for path, text in texts.items() if path.parent == ROOT / "docs"}


@pytest.fixture(scope="module")
def sections(documents) -> dict[str, list[str]]:
    return {name: sections_of(text) for name, text in documents.items()}


def test_every_cited_section_is_a_numbered_heading(texts, sections):
    assert sum(len(CITATION.findall(text)) for path, text in texts.items() if path.suffix == ".py") > 100
    bad = {
        str(path.relative_to(ROOT)): found for path, text in texts.items() if (found := bad_citations(text, sections))
    }
    assert bad == {}


def test_sections_that_documents_cite_of_each_other_are_there(documents, sections):
    assert sum(len(CROSS_REFERENCE.findall(text)) for text in documents.values()) > 20
    bad = {name: bad_citations(text, sections, CROSS_REFERENCE) for name, text in documents.items()}
    assert {name: found for name, found in bad.items() if found} == {}


def test_numbers_of_sections_are_in_order_and_without_gaps(sections):
    for name, numbers in sections.items():
        assert numbers, name
        chapter, part = 0, 0
        for number in numbers:
            chapter, part = (chapter, part + 1) if "." in number else (chapter + 1, 0)
            assert number == (f"{chapter}.{part}" if part else f"{chapter}"), f"{name} {number}"


def test_every_link_in_documents_and_readme_leads_somewhere(texts):
    pages = [path for path in texts if path.suffix == ".md" and path.parent in (ROOT, ROOT / "docs")]
    assert len(pages) > 5
    assert {path.name: found for path in pages if (found := bad_links(path, texts[path]))} == {}


def test_every_path_that_documents_name_is_there(documents):
    named = {path for text in documents.values() for path in PATH.findall(text)}
    assert len(named) > 10
    files = [path for path in sorted(named) if "NAME" not in path]  # a reader's own
    assert [path for path in files if not (ROOT / path).exists()] == []


def test_nothing_outside_the_repository_is_cited(texts):
    bad = {str(path.relative_to(ROOT)): sorted(set(NOTES.findall(text))) for path, text in texts.items()}
    assert {path: found for path, found in bad.items() if found} == {}


def test_the_page_on_architecture_has_the_rooms_and_floors_there_are(documents):
    page = documents["architecture.md"]
    table = {room: int(floor) for floor, room in re.findall(r"^\| (\d) \| `(\w+)` \|", page, re.M)}
    assert table == FLOORS
    drawn = {}
    picture = next(part for part in re.findall(r"```mermaid\n(.*?)```", page, re.S) if "subgraph" in part)
    for floor, rooms in re.findall(r"subgraph F(\d)\[.*?\]\n(.*?)  end", picture, re.S):
        drawn |= dict.fromkeys(rooms.split(), int(floor))
    assert drawn == FLOORS


def test_the_page_on_scores_has_every_protocol(documents):
    rows = set(re.findall(r"^\| `(\w+)` \| ", documents["protocols.md"].split("## 5 ")[1].split("## 6 ")[0], re.M))
    assert rows == {path.stem for path in (ROOT / "config" / "protocols").glob("*.yaml")}


def test_what_is_wrong_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n## 1 Here\n\n[a](gone.md) [b](page.md#1-here) [c](#2-gone) [d](https://example.org/x)\n"
    )
    assert bad_links(page, page.read_text()) == ["gone.md", "#2-gone"]
    assert bad_citations("docs/page.md 1, docs/page.md 1 and 2.1; docs/none.md 1.", {"page.md": ["1"]}) == [
        "none.md",
        "page.md 2.1",
    ]
    for name in ("SPEC" + " 1.7", "DESIGN" + "'s rule", "WORKFLOW" + ".md"):
        assert NOTES.search(name)
    assert NOTES.search("SPECTRUM_EDGES LAYER_DESIGNS STYLE") is None
