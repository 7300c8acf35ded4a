"""The plan, every path of results, and the questions that rules ask; knows nothing of Snakemake."""
