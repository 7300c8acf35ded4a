"""Another workflow uses this one by `module` statements, with prefixes and with its own config."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from forked_snakemake import run_snakemake
from workflow_checkout import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

NARROW = {"channel_base": 64, "channel_max": 8}
TINY = {  # an experiment whose whole way takes seconds: one run of one segment, one figure
    "extends": "demo",
    "models": ["B"],
    "protocols": {"video": ["rfvd_16f"]},
    "dataset": {"source": {"rendered": {"num_videos": 3, "seed": 0}}, "resolution": 32, "max_frames": 33},
    "model": {
        "generator": NARROW | {"synthesis": {"num_layers": 4, "margin_size": 2}},
        "discriminator": NARROW,
        "training": {"batch_size": 48},
        "length": {"total_kimg": 1, "segment_kimg": 1},
    },
    "protocol": {
        "generated": {"num_clips": 4},
        "real": {"max_clips": 4},
        "bootstrap": {"resamples": 0},
        "kernel": None,
        "neighbours": None,
        "floor": None,
        "motion": None,
    },
    "figures": {
        "drawn": ["curves"],
        "num_frames": 4,
        "num_clips": 1,
        "columns": 1,
        "strip_clips": 1,
        "strip_frames": 2,
        "long_clips": 1,
        "long_frames": 8,
        "decomposition": 1,
    },
}
SNAKEFILE = """
configfile: "config.yaml"


rule all:
    input:
        "a/results/report/one/index.html",
        rules_of_second,
        "both.txt",


rule both:
    input:
        "a/results/tables/one/main.csv",
        "b/results/tables/two/main.csv",
    output:
        "both.txt",
    shell:
        "cat {input} >{output}"


module first:
    snakefile:
        FIRST
    config:
        config["first"]
    prefix:
        "a"


use rule * from first as first_*


module second:
    snakefile:
        SECOND
    config:
        config
    prefix:
        "b"


use rule * from second as second_*
"""


class Other:
    """A workflow of somebody else in a folder of its own."""

    def __init__(self, folder: Path, config: dict, snakefile: str = SNAKEFILE, source: str | None = None):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        source = source or repr(str(ROOT / "workflow" / "Snakefile"))
        text = snakefile.replace("FIRST", source).replace("SECOND", source)
        (folder / "Snakefile").write_text(text.replace("rules_of_second,", '"b/results/report/two/index.html",'))
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        self.environment = Workflow(folder / "unused", pretend=True).environment
        shutil.rmtree(folder / "unused" / "config")

    def snakemake(self, *arguments: str, pretend: bool = True) -> subprocess.CompletedProcess[str]:
        """Run it; stdout and stderr come together in `stdout`."""
        environment = dict(self.environment)
        if not pretend:
            environment["PATH"] = environment["PATH"].partition(":")[2]
        call = ["--rerun-triggers", "params", "--cores", "2", *arguments]
        return run_snakemake(call, self.folder, environment)


def jobs_in(told: str) -> Counter[str]:
    """Jobs that a call would run, by rule."""
    stats = told.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return Counter({name: int(count) for name, count in (line.split() for line in stats if line.strip())})


def two(**more) -> dict:
    """The other workflow's config: a section for one module, and for the other all of it, with keys of its own."""
    first = TINY | {"experiment": "one", "title": "One", "seeds": [0]}
    second = TINY | {"experiment": "two", "title": "Two", "seeds": [1], "machine": {"num_workers": 1}}
    return second | {"first": first, "samples": ["x", "y"], "genome": {"build": 38}} | more


@pytest.mark.long
def test_it_runs_twice_with_two_prefixes_and_two_configs_to_reports(tmp_path):
    other = Other(tmp_path, two())
    done = other.snakemake(pretend=False)
    assert done.returncode == 0, done.stdout[-6000:]
    for prefix, name, title, seed in (("a", "one", "One", 0), ("b", "two", "Two", 1)):
        page = (tmp_path / prefix / "results" / "report" / name / "index.html").read_text()
        assert f"<title>{title}" in page and "score_snapshot" in page
        (run,) = (path.name for path in (tmp_path / prefix / "results" / "runs").iterdir())
        assert f"-B-s{seed}-" in run
        table = (tmp_path / prefix / "results" / "tables" / name / "main.csv").read_text()
        assert "rfvd" in table.lower()
        costs = (tmp_path / prefix / "results" / "report" / name / "provenance.json").read_text()
        assert '"rule": "train_segment"' in costs, "benchmarks lie below the prefix, too"
    assert not (tmp_path / "results").exists() and not (tmp_path / "logs").exists(), "all of it lies below the prefixes"
    assert (tmp_path / "both.txt").read_text().count("rFVD16") == 2
    assert "Nothing to be done" in other.snakemake("--dry-run").stdout


def test_the_other_workflow_keeps_its_target_and_its_keys(tmp_path):
    other = Other(tmp_path, two(seed=3))
    told = other.snakemake("--dry-run").stdout
    jobs = jobs_in(told)
    assert (jobs["all"], jobs["both"]) == (1, 1)
    assert (jobs["first_train_segment"], jobs["second_train_segment"]) == (1, 1)
    before = told.split("Job stats:")[0]
    assert "config of module second: seed: is taken for the other workflow's; ours is seeds" in before
    assert "samples" not in before, "nothing is said of keys that are plainly the other's"
    assert "localrules directive" not in told, "rules are local under their new names"


def test_the_graph_of_rules_has_the_rules_own_names(tmp_path):
    other = Other(tmp_path, two())
    assert other.snakemake("first_one").returncode == 0
    graph = next((other.folder / "a" / "results" / "experiments" / "graphs").iterdir()).read_text()
    assert "train_segment" in graph and "first_" not in graph


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (two(first={"protocl": {}}), "config of module first: protocl: unknown; did you mean protocol?"),
        (
            two(first={"title": "One"}),
            "config of module first: has title, so it is an experiment; name it: experiment: NAME",
        ),
        (two(first={"experiment": "dmo"}), "dmo: no such experiment"),
        (two(first={"experiment": "demo", "title": "One"}), "demo.yaml has this name; give another one"),
        (
            two(model={"training": {"bach_size": 3}}),
            "config of module second: model.training.bach_size: unknown setting",
        ),
    ],
)
def test_what_would_be_ignored_is_refused(tmp_path, config, words):
    done = Other(tmp_path, config).snakemake("--dry-run")
    assert done.returncode == 2 and words in done.stdout, done.stdout


def test_a_module_without_config_is_the_demo(tmp_path):
    other = Other(tmp_path, {}, "module stylesv:\n    snakefile: FIRST\n\nuse rule * from stylesv\n")
    jobs = jobs_in(other.snakemake("--dry-run").stdout)
    assert (jobs["demo"], jobs["train_segment"]) == (1, 4)


def test_it_is_read_out_of_a_repository_at_a_tag(tmp_path):
    """What snakedeploy writes. Snakemake has cloned the repository before, so no network is needed."""
    checkout, clones = tmp_path / "checkout", tmp_path / "cache/snakemake/snakemake/source-cache/snakemake-git-cache"
    for part in ("config", "envs", "rules", "stylesv", "workflow", "workflow_scripts"):
        shutil.copytree(ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", checkout)
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "-C", str(checkout)]
    for call in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All of it"], ["tag", "v1"]):
        subprocess.run([*git, *call], check=True)
    clone = clones / "github.com" / "somebody" / "stylesv"
    subprocess.run(["git", "clone", "-q", "--bare", str(checkout), str(clone)], check=True)
    source = 'github("somebody/stylesv", path="workflow/Snakefile", tag="v1")'
    other = Other(tmp_path / "other", two(), source=source)
    other.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    del other.environment["PYTHONPATH"]
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-triggers", "params"]
    options = {"cwd": other.folder, "env": other.environment, "capture_output": True, "text": True, "check": False}
    done = subprocess.run(call, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (other.folder / "b" / "results" / "report" / "two" / "index.html").exists()
    (kept,) = (other.folder / ".snakemake" / "stylesv").iterdir()
    assert (
        f"{kept}/workflow_scripts/write_report.py"
        in subprocess.run([*call, "--dry-run", "--forceall", "--printshellcmds"], **options).stdout
    ), "the programs of that commit are called"


def test_a_deployed_copy_of_the_settings_is_read_in_the_place_of_ours(tmp_path):
    """As snakedeploy lays it out: config/ copied, its config.yaml handed over whole."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "config" / "experiments" / "new.yaml").write_text("extends: demo\ntitle: New\nseeds: [5]\n")
    text = 'configfile: "config/config.yaml"\n\nmodule stylesv:\n    snakefile: FIRST\n    config: config\n\n'
    other = Other(tmp_path, {}, text + "use rule * from stylesv\n")
    told = other.snakemake("new", "--dry-run").stdout
    assert "demo-D-s5-" in told and jobs_in(told)["new"] == 1
    assert jobs_in(other.snakemake("--dry-run").stdout)["demo"] == 1
