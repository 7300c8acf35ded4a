"""What Snakemake's own tools and the workflow catalog ask of a workflow, and that profiles/slurm fits the rules."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

# not worth a measurement: seconds, or a download
LIGHT = {
    "explore",
    "fetch_archive",
    "join_archive",
    "fetch_clip_table",
    "fetch_films",
    "gather_films",
    "write_data_sheet",
    "write_data_recipe",
    "write_recipe",
    "write_protocol",
    "write_look",
    "write_table_plan",
    "write_table",
    "paper_cost",
    "write_experiment",
    "choose_snapshot",
    "collect_scores",
    "write_report",
    "write_rule_graph",
    "write_figure_plan",
    "note_another",
    "draw_figure",
    "write_crate",
    "crate",
    "films",
    "fetch_detector",
    "fetch_checkpoint",
    "export_tensorboard",
    "tensorboard",
    "status",
}


@pytest.fixture(scope="module")
def rules(root) -> dict[str, str]:
    """The text of every rule, by name."""
    found = {}
    for path in (root / "rules").glob("*.smk"):
        for text in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            found[text.split(":")[0]] = text
    return found


@pytest.fixture(scope="module")
def profile(root):
    return yaml.safe_load((root / "profiles" / "slurm" / "config.yaml").read_text())


def snakemake(root: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    search = os.pathsep.join(filter(None, [path, str(Path(sys.executable).parent), os.environ["PATH"]]))
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=root,
        env={**os.environ, "PATH": search},
        capture_output=True,
        text=True,
    )


@pytest.mark.workflow
@pytest.mark.slow
def test_snakemakes_linter_finds_nothing(root):
    done = snakemake(root, "--lint")
    assert (done.returncode, "in a good condition" in done.stderr) == (0, True), done.stderr


@pytest.mark.workflow
@pytest.mark.slow
def test_the_dockerfile_is_the_one_of_the_environments(root):
    done = snakemake(root, "--containerize", path=str(root / "envs" / "pretended_conda"))
    assert done.stdout == (root / "Dockerfile").read_text(), "envs/*.yaml changed: run `make dockerfile`"


def test_heavy_rules_are_measured_and_light_ones_run_where_snakemake_runs(root, rules):
    # Snakemake renders templates itself, always where it runs
    local = {name for name, text in rules.items() if "    localrule: True\n" in text or "    template_engine:" in text}
    assert local == LIGHT
    # a list would name rules as they are called here, and not as a `module` statement calls them
    assert not any("localrules:" in path.read_text() for path in (root / "rules").glob("*.smk"))
    assert [name for name, text in rules.items() if ("    benchmark:\n" in text) == (name in LIGHT)] == []


def test_retries_stand_in_the_profile_alone(rules, profile):
    assert [name for name, text in rules.items() if re.search(r"^    retries:", text, re.M)] == []
    assert profile["retries"] >= 1


def test_the_profile_names_rules_and_wildcards_that_exist(rules, profile):
    assert profile["set-resources"].keys() <= rules.keys()
    groups = dict(entry.split("=") for entry in profile["groups"])
    for name, group in groups.items():
        wildcards = set(re.findall(r"\{(\w+)\}", group))
        assert wildcards and all(f"{{{wildcard}}}" in rules[name] for wildcard in wildcards)
    assert {entry.split("=")[0] for entry in profile["group-components"]} == set(groups.values())


def test_jobs_that_need_a_gpu_ask_for_one_and_others_for_none(profile):
    asked = {name for name, resources in profile["set-resources"].items() if resources.get("gpu", 0) >= 1}
    seen = {"generate_clips", "generate", "draw_nearest"}
    assert asked == {"train_segment", "score_snapshot", "measure_reference", "measure_speed"} | seen
    assert "gpu" not in profile["default-resources"]


def test_the_catalog_can_read_how_to_use_it(root):
    usage = yaml.safe_load((root / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    assert isinstance(usage["mandatory-flags"]["flags"], str)


@pytest.mark.workflow
@pytest.mark.slow
def test_the_catalogs_snakefile_is_the_same_graph(root):
    graphs = [
        snakemake(root, "--rulegraph", "--snakefile", file).stdout for file in ("Snakefile", "workflow/Snakefile")
    ]
    assert sorted(graphs[0].splitlines()) == sorted(graphs[1].splitlines()) and 'label = "demo"' in graphs[0]
    for part in (
        "config/README.md",
        "config/config.yaml",
        "LICENSE",
        "README.md",
    ):  # what the catalog's standard asks for besides
        assert (root / part).is_file()


@pytest.mark.workflow
@pytest.mark.slow
def test_rules_and_files_can_be_listed(root):
    told = snakemake(root, "--list-target-rules").stdout
    assert {"demo", "paper", "published", "table_main"} <= set(re.findall(r"^(\w+)", told, re.M))
    rules = dict(re.findall(r"^(\w+) \((.+)\)$", snakemake(root, "--list-rules").stdout, re.M))
    assert rules["train_segment"].startswith("The state at one snapshot to the state at the next.")
    summary = snakemake(root, "--summary").stdout
    assert re.search(r"^results/report/demo/index\.html\t.*\twrite_report\t", summary, re.M)
    assert re.search(r"^results/tables/demo/main\.csv\t.*\twrite_table\t", summary, re.M)


@pytest.mark.workflow
@pytest.mark.slow
def test_profiles_are_found_by_name_once_they_are_installed(root, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("slurm", "default"):  # what `make install-profile` does, which would set up the whole project first
        (tmp_path / "snakemake").mkdir(exist_ok=True)
        (tmp_path / "snakemake" / name).symlink_to(root / "profiles" / name)
        more = ["--cores", "1"] if name == "default" else []
        done = snakemake(root, "--profile", name, "--dry-run", *more)
        assert done.returncode == 0 and "rule write_report:" in done.stdout, done.stderr
    recipe = (root / "Makefile").read_text().split("install-profile:")[1].split("\n\n")[0]
    assert "for name in slurm default; do ln -sfn" in recipe
