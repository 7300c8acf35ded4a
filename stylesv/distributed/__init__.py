"""Several processes that train one run: starting them on a CPU, and what they say to each other."""
