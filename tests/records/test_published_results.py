"""Published numbers: the authors' chart as it was read, nothing from memory, and protocols that they stand beside."""

import shutil

import pytest

from stylesv.errors import DataError
from stylesv.records.named_protocol import named_protocol
from stylesv.records.published import papers_metric, papers_number, read_published

# https://genforce.github.io/StyleSV/, docs/assets/media/table.png: without and with temporal shift
CHART = {
    ("sky", "FVD16"): (73.5, 49.0),
    ("driving", "FVD16"): (272.8, 207.2),
    ("taichi", "FVD16"): (104.3, 84.6),
    ("sky", "FVD128"): (230.3, 135.9),
    ("driving", "FVD128"): (447.5, 221.5),
    ("taichi", "FVD128"): (314.2, 176.2),
}


@pytest.fixture(scope="module")
def numbers(root):
    return read_published(root / "config" / "published.csv")


def test_the_papers_cells_are_those_of_the_authors_chart_and_no_others(numbers):
    papers = {(n.dataset, n.model, n.metric): n.value for n in numbers if n.place == "paper"}
    chart = {
        (data, model, m): value for (data, m), both in CHART.items() for model, value in zip("CD", both, strict=True)
    }
    assert papers == chart
    assert {n.confidence for n in numbers if n.place == "paper"} == {"verbatim"}
    assert {n.resolution for n in numbers if n.place == "paper"} == {256}


def test_every_number_has_a_source(numbers):
    assert all(n.source.strip() for n in numbers)
    quoted = {n.value for n in numbers if n.source.endswith("stylegan-v/issues/37 (user quotes the paper)")}
    assert quoted == {79.52, 197.0}


def test_a_cell_that_nobody_saw_is_none(numbers):
    at = {"dataset": "sky", "resolution": 256, "metric": "FVD16"}
    assert papers_number(numbers, model="D", **at).value == 49.0
    assert papers_number(numbers, model="A", **at) is None, "79.52 is another paper's"
    assert papers_number(numbers, model="E", **at) is None
    assert papers_number(numbers, model="D", **(at | {"metric": "FID"})) is None
    assert papers_number(numbers, model="D", **(at | {"metric": None})) is None
    assert papers_number(numbers, model="D", **(at | {"resolution": 128})) is None


@pytest.mark.parametrize(
    ("protocol", "metric"),
    [
        ("fvd2048_16f", "FVD16"),
        ("fvd2048_128f", "FVD128"),
        ("fvd2048_128f_subsample8f", "FVD128_subsample8"),
        ("fid50k_full", "FID"),
        ("fvd_paper_plus", None),
        ("fvd_community_16f", None),
        ("kid50k_full", None),
        ("evd_16f", None),
        ("rfvd_16f", None),
    ],
)
def test_only_the_papers_own_protocols_stand_beside_their_numbers(root, protocol, metric):
    assert papers_metric(named_protocol(root / "config", protocol).settings) == metric


def test_a_changed_protocol_of_the_same_name_stands_beside_none(root):
    settings = named_protocol(root / "config", "fvd2048_16f").settings
    fewer = settings.generated.model_copy(update={"num_clips": 256})
    more = settings.real.model_copy(update={"max_clips_per_video": 4})
    assert papers_metric(settings.model_copy(update={"generated": fewer})) is None
    assert papers_metric(settings.model_copy(update={"real": more})) is None
    assert papers_metric(settings.model_copy(update={"covariance": "sample"})) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "FVD16,73.5,paper",
            "FVD17,73.5,paper",
            r"published\.csv: is not a table of published numbers \(line 2: metric: .*mend it",
        ),
        ("FVD16,73.5,paper", "FVD16,about 70,paper", r"\(line 2: value: "),
        ("FVD16,73.5,paper,verbatim", "FVD16,73.5,paper,memory", r"\(line 2: confidence: "),
        ("dataset,resolution", "data,resolution", "its columns are not dataset, resolution, method"),
        (
            "StyleSV w/o TSM,C,FVD16",
            "StyleSV w/o TSM,D,FVD16",
            "has 2 of the paper's numbers for sky, 256, D, FVD16; leave one",
        ),
    ],
)
def test_a_bad_table_is_one_line(root, tmp_path, old, new, words):
    path = shutil.copy(root / "config" / "published.csv", tmp_path / "published.csv")
    text = (tmp_path / "published.csv").read_text()
    (tmp_path / "published.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=words) as refused:
        read_published(path)
    assert "\n" not in str(refused.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"published\.csv: no such table of published numbers"):
        read_published(tmp_path / "published.csv")
