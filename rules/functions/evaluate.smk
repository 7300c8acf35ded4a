"""What a score is made of."""


def run_reference(wildcards):
    protocol = known("protocol", plan.protocols, wildcards.protocol)
    return ancient(f"results/data/{run_of(wildcards).data.name}/reference/{protocol.reference.name}.safetensors")


def scored_run(wildcards):
    """What a score says it is of."""
    run = run_of(wildcards)
    facts = {"run": run.name, "dataset": run.data.name, "model": run.model, "seed": run.seed}
    return canonical_json({**facts, "kimg": int(wildcards.kimg)})


def detector_of(wildcards):
    """The file of a protocol's detector; random-i3d has none."""
    settings = protocol_of(wildcards).settings.detector
    return [] if settings.is_random else ancient(f"results/detectors/{settings.name}")


def fetch_options(wildcards):
    """Address and hash of a detector, as its protocols give them."""
    found = {
        (settings.url, settings.sha256)
        for settings in (protocol.settings.detector for protocol in plan.protocols.values())
        if settings.name == wildcards.detector
    }
    if len(found) != 1:
        stop(f"{wildcards.detector}: {len(found)} protocols in use give it an address and hash; one is needed")
    url, sha256 = found.pop()
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in (("url", url), ("sha256", sha256)) if value)
