"""Which videos and settings a data set is packed from."""


def videos_of(wildcards):
    """Raw videos of a data set: rendered by a rule, or a user's own, which are only read, and where they are."""
    data = data_of(wildcards)
    if "{" in data.videos or "}" in data.videos:
        stop(f"{data.videos}: Snakemake takes braces in a path for wildcards; rename the folder, or give a link to it")
    return ancient(data.videos) if data.rendered else local(ancient(data.videos))


def render_settings(wildcards):
    for data in plan.data.values():
        if data.rendered and data.videos == f"results/videos/{wildcards.videos}":
            return canonical_json(data.settings.render.model_dump(mode="json"))
    stop(f"results/videos/{wildcards.videos}: no data set renders these videos")


def packing_settings(wildcards):
    return canonical_json(data_of(wildcards).recipe["packing"])
