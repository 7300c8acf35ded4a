"""Scores and clips to tables, figures and the report; one target for each experiment."""


def scores_of(experiment, title):
    """All scores of an experiment under one protocol, run by run."""
    return [
        score(run.name, kimg, protocol.name)
        for run in experiment.runs
        for protocol in run.protocols
        if protocol.title == title
        for kimg in run.kimgs
    ]


def protocol_scores(wildcards):
    found = scores_of(experiment_of(wildcards), wildcards.protocol)
    return found or stop(f"{wildcards.experiment}: no run is scored by {wildcards.protocol}")


def protocol_titles(experiment):
    return list(dict.fromkeys(protocol.title for run in experiment.runs for protocol in run.protocols))


def shown_runs(experiment):
    """Runs whose clips are shown: those that nothing else starts from."""
    parents = {run.parent.name for run in experiment.runs if run.parent}
    return [run.name for run in experiment.runs if run.name not in parents]


def report_contents(wildcards):
    """Which files the report shows, by what they are."""
    experiment = experiment_of(wildcards)
    name, titles = experiment.name, protocol_titles(experiment)
    figures = f"results/figures/{name}"
    parts = {"film": "clips.mp4", "strip": "strip.png", "slices": "slices.png"}
    return {
        "title": experiment.title,
        "scores": [scores_of(experiment, title) for title in titles],
        "curves": [f"{figures}/curve_{title}.png" for title in titles],
        "clips": {
            run: {part: f"{figures}/{run}/{file}" for part, file in parts.items()} for run in shown_runs(experiment)
        },
        "runs": {
            run.name: {
                "recipe": f"results/runs/{run.name}/recipe.yaml",
                "choice": choice(run),
                "logs": [f"results/runs/{run.name}/{kimg}/log.jsonl" for kimg in run.kimgs if kimg],
            }
            for run in experiment.runs
        },
        "data": {run.data.name: f"results/data/{run.data.name}/index.json" for run in experiment.runs},
    }


def report_files(wildcards):
    """All files of the report, and the tables that are made with it."""

    contents = report_contents(wildcards)
    runs, figures = contents["runs"].values(), contents["clips"].values()
    tables = [
        f"results/tables/{wildcards.experiment}/{title}.csv" for title in protocol_titles(experiment_of(wildcards))
    ]
    return [
        *tables,
        *contents["curves"],
        *(file for scores in contents["scores"] for file in scores),
        *(file for run in figures for file in run.values()),
        *(file for run in runs for file in (run["recipe"], run["choice"], *run["logs"])),
        *contents["data"].values(),
    ]


def report_settings(wildcards):
    return canonical_json(report_contents(wildcards))


def experiment_results(name):
    """All files of an experiment that are kept: its report, and every snapshot, with the last state to go on from."""

    def results(_):
        if name in plan.waiting:
            stop(f"{name}: {plan.waiting[name]}")
        experiment = plan.experiments[name]
        kept = [f"results/report/{name}/index.html"]
        for run in experiment.runs:
            kept += [networks(run.name, kimg) for kimg in run.kimgs]
            if run.kimgs[-1] in segments_to_run(Path("results/runs") / run.name, run.kimgs):
                kept.append(f"results/runs/{run.name}/{run.kimgs[-1]}/state.safetensors")
        return kept

    return results


localrules:
    write_table,
    draw_curves,
    write_report,


rule write_table:
    """Scores of an experiment under one protocol, as CSV, Markdown and LaTeX."""
    input:
        protocol_scores,
    output:
        csv="results/tables/{experiment}/{protocol}.csv",
        markdown="results/tables/{experiment}/{protocol}.md",
        tex="results/tables/{experiment}/{protocol}.tex",
    log:
        "logs/write_table/{experiment}/{protocol}.log",
    conda:
        "../envs/paper.yaml"
    params:
        scores=protocol_scores,
    shell:
        "exec python {SCRIPTS}/write_table.py --csv {output.csv} --markdown {output.markdown} --tex {output.tex}"
        " {input} > {log} 2>&1"


rule draw_curves:
    """Scores over kimg with their intervals."""
    input:
        protocol_scores,
    output:
        png="results/figures/{experiment}/curve_{protocol}.png",
        pdf="results/figures/{experiment}/curve_{protocol}.pdf",
    log:
        "logs/draw_curves/{experiment}/{protocol}.log",
    conda:
        "../envs/paper.yaml"
    params:
        scores=protocol_scores,
    shell:
        "exec python {SCRIPTS}/draw_curves.py --png {output.png} --pdf {output.pdf} {input} > {log} 2>&1"


rule write_report:
    """One page with everything an experiment found, readable without a network."""
    input:
        report_files,
    output:
        "results/report/{experiment}/index.html",
    log:
        "logs/write_report/{experiment}.log",
    conda:
        "../envs/paper.yaml"
    params:
        settings=report_settings,
    shell:
        "exec python {SCRIPTS}/write_report.py --settings {params.settings:q} --out {output} > {log} 2>&1"


for name in [*plan.experiments, *plan.waiting]:

    rule:
        name:
            name
        input:
            experiment_results(name),
