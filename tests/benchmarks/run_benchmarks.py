"""Measure every operation, network and training step against the readable definitions. `make bench`.

Writes `results/bench/cpu.json` (`gpu.json` where there is a CUDA device), the same as a Markdown table, and the shares of
time by part. With names given, only those are measured, and the other records stay. Ratios are added to
`tests/benchmarks/results/history.csv`, and what has become slower beyond the spread is said.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from stylesv.threads import use_cpu_threads

OUT = Path(__file__).resolve().parents[2] / "results" / "bench"


@click.command(help=__doc__.split("\n\n")[0])
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="folder of the results")
@click.option("--threads", default=2, show_default=True, help="threads on a CPU")
@click.option("--budget-seconds", default=20.0, show_default=True, help="time for pairs of runs of one benchmark")
@click.option(
    "--history", type=click.Path(path_type=Path), help="ratios of earlier calls  [default: results/history.csv here]"
)
def main(names: tuple[str, ...], out: Path, threads: int, budget_seconds: float, history: Path | None) -> None:
    use_cpu_threads(threads)
    import torch
    from breakdown import BREAKDOWNS
    from data_and_score_cases import data_and_score_cases
    from gpu import gpu_shares
    from history import HISTORY, Entry, add_to_history, current_commit
    from measure import Memory, compare, machine
    from network_cases import network_cases
    from operation_cases import operation_cases
    from scaling import SCALINGS, scaling_record
    from step_table import STEPS, step_table

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cases = [*operation_cases(), *data_and_score_cases(), *network_cases()]
    known = [case.name for case in cases] + [*BREAKDOWNS, *STEPS, *SCALINGS]
    unknown = [name for name in names if not any(name in each for each in known)]
    if unknown:
        raise click.UsageError(f"no benchmark has {unknown[0]!r} in its name; there are: {', '.join(known)}")
    description = machine(device)
    click.echo(description)
    memory = Memory(device)
    kind = "gpu" if device.type == "cuda" else "cpu"
    commit, slower = current_commit(), []
    records = Results(out / f"{kind}.json")
    for case in cases:
        if wanted(case.name, names):
            if case.needs and shutil.which(case.needs) is None:
                click.echo(f"{case.name}: not measured, since there is no {case.needs} here")
                continue
            measured = compare(case, device, memory, budget_seconds=budget_seconds)
            record = asdict(measured) | {"machine": description}
            slower.append(add_to_history(Entry.of(measured, description, commit), history or HISTORY))
            if kind == "gpu":
                record |= gpu_shares(case, record["seconds_fast"])
            records.put(record)
            click.echo(row(record))
    parts = Results(out / f"{kind}_parts.json")
    for name, breakdown in BREAKDOWNS.items():
        if wanted(name, names):
            record = {"name": name, "machine": description, **breakdown(device)}
            parts.put(record)
            click.echo(json.dumps(record, indent=1))
    for name in STEPS:
        if wanted(name, names):
            found = step_table(name, device)
            parts.put(found.record() | {"machine": description, "table": found.markdown()})
            click.echo(found.markdown())
    for name in SCALINGS:
        if wanted(name, names) and device.type == "cpu":
            record = scaling_record(name)
            parts.put(record | {"machine": description})
            click.echo(record["table"])
    (out / f"{kind}.md").write_text(table(records.values, parts.values))
    for sentence in filter(None, slower):
        click.echo(sentence)
    click.echo(f"{out / kind}.json, .md, {kind}_parts.json")


def wanted(name: str, names: tuple[str, ...]) -> bool:
    """Whether a benchmark was asked for; a part of its name is enough."""
    return not names or any(each in name for each in names)


class Results:
    """Records by name, in a file that is whole after each."""

    def __init__(self, path: Path):
        self.path = path
        self.values: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []

    def put(self, record: dict[str, Any]) -> None:
        """Replace the record of this name, or add it."""
        at = next((i for i, old in enumerate(self.values) if old["name"] == record["name"]), len(self.values))
        self.values[at : at + 1] = [record]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.values, indent=1) + "\n")


def row(record: dict[str, Any]) -> str:
    """One line of the table."""
    extra = [f"{key} {record[key]:.2f}" for key in ("ratio_compiled", "copy_share") if record.get(key)]
    cells = [record["name"], f"{record['ratio']:.1f}", f"{record['spread']:.0%} of {record['pairs']}"]
    cells += [
        f"{record['ratio_processor']:.1f}",
        f"{record['seconds_fast']:.4g}",
        f"{record['seconds_definition']:.4g}",
    ]
    cells += [f"{record['peak_mb_fast']:.0f}", f"{record['peak_mb_definition']:.0f}", ", ".join(extra)]
    return f"| {' | '.join(cells)} |"


def table(records: list[dict[str, Any]], parts: list[dict[str, Any]]) -> str:
    """Everything as Markdown."""
    machines = list(dict.fromkeys(record["machine"] for record in [*records, *parts]))
    lines = [
        "Ratio: definition over fast, median of pairs in one process; spread of pairs; ratio of processor time; peak MB.",
        "",
        *(f"* {each}" for each in machines),
        "",
        "| name | ratio | spread | processor | fast s | definition s | fast MB | definition MB | |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --- |",
        *map(row, records),
        "",
    ]
    for part in parts:
        if "table" in part:
            lines += [part["table"]]
            continue
        values = {key: value for key, value in part.items() if key not in ("name", "machine")}
        lines += [f"{part['name']}: " + ", ".join(f"{key} {value:.4g}" for key, value in values.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
