"""An experiment as an RO-Crate, read back by the library that others read it with."""

import hashlib
import json
import shutil
import sys
import zipfile

import pytest
from experiment_files import LOG, TRAINED, ExperimentFiles
from rocrate.rocrate import ROCrate

from stylesv.errors import DataError, StyleSVError
from stylesv.report.crate import CrateSource, write_crate


@pytest.fixture(scope="module")
def source(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("experiment")
    index = {"format": 1}
    files = ExperimentFiles(folder, "sky-00/index.json")
    files.file("sky-00/index.json", json.dumps(index))
    files.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    for name in ("index.html", "provenance.json", "figures/curves.png", "films/.snakemake_timestamp"):
        files.file(f"results/report/tried/{name}", name)
    return CrateSource(files.record(), folder / "results" / "report" / "tried", root)


@pytest.fixture(scope="module")
def crate(tmp_path_factory, source):
    path = tmp_path_factory.mktemp("crate") / "tried.zip"
    count = write_crate(path, source)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == count + 1  # and what says what is in it
    return path


def test_the_library_reads_it_back_and_finds_every_file(crate, tmp_path):
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path)
    found = ROCrate(tmp_path)
    assert (found.name, found.mainEntity.id) == ("T", "workflow/Snakefile")
    assert found.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    files = [entity for entity in found.data_entities if "File" in entity.type]
    assert all((tmp_path / entity.id).is_file() for entity in files)
    names = {entity.id for entity in files}
    assert {"report/index.html", "report/figures/curves.png", "workflow/config/config.yaml"} <= names
    assert {"workflow/rules/paper.smk", "results/experiments/tried-00000000.yaml"} <= names
    assert {"sky-D-s0-00/recipe.yaml", "sky-D-s0-00/scores.json", "sky-D-s0-00/best.json"} <= names
    assert not any(name.rpartition("/")[2].startswith(".") for name in names)


def test_hashes_and_sizes_are_those_of_the_files(crate):
    with zipfile.ZipFile(crate) as archive:
        entities = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
        hashed = {entity["@id"]: entity for entity in entities if "sha256" in entity}
        assert len(hashed) > 20
        for name, entity in hashed.items():
            content = archive.read(name)
            assert hashlib.sha256(content).hexdigest() == entity["sha256"]
            assert str(len(content)) == str(entity["contentSize"])


def test_a_missing_file_leaves_no_crate(source, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(source.experiment.parents[2], folder)
    (folder / "sky-D-s0-00" / "recipe.yaml").unlink()
    record = folder / "results" / "experiments" / "tried-00000000.yaml"
    with pytest.raises(DataError, match=r"recipe\.yaml: is not there, but belongs into the crate"):
        write_crate(tmp_path / "out" / "tried.zip", CrateSource(record, source.report, source.project))
    assert not (tmp_path / "out" / "tried.zip").exists()


def test_without_the_library_it_says_what_to_install(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    with pytest.raises(StyleSVError, match=r"pip install -e '\.\[crate\]'"):
        write_crate(tmp_path / "tried.zip", source)
