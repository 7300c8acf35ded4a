"""Where every result lies, below the folder that Snakemake works in. Names in braces are the wildcards of the rules.

A name with a key in it stands for one content, so a file that exists is right (docs/architecture.md 4).
"""

VIDEOS = "results/videos/{videos}"

DATA_RECIPE = "results/data/{data}/recipe.yaml"
CLIPS = "results/data/{data}/clips.zip"
OFFSETS = "results/data/{data}/offsets.npy"
INDEX = "results/data/{data}/index.json"
REFERENCE = "results/data/{data}/reference/{protocol}.safetensors"
FLOOR = "results/data/{data}/floors/{protocol}.json"
REFERENCE_SHARDS = "results/data/{data}/reference/.{protocol}.shards"

PROTOCOL = "results/protocols/{protocol}.yaml"
DETECTOR = "results/detectors/{detector}"
CHECKPOINT = "results/checkpoints/{sha256}.pkl"

RUN = "results/runs/{run}"
RECIPE = "results/runs/{run}/recipe.yaml"
NETWORKS = "results/runs/{run}/{kimg}/networks.safetensors"
STATE = "results/runs/{run}/{kimg}/state.safetensors"
LOG = "results/runs/{run}/{kimg}/log.jsonl"
SAMPLES = "results/runs/{run}/{kimg}/samples.png"
INITIAL_NETWORKS = "results/runs/{run}/0/networks.safetensors"
INITIAL_STATE = "results/runs/{run}/0/state.safetensors"
INITIAL_SAMPLES = "results/runs/{run}/0/samples.png"
SCORE = "results/runs/{run}/{kimg}/scores/{protocol}.json"
SCORE_SHARDS = "results/runs/{run}/{kimg}/scores/.{protocol}.shards"
SCORES = "results/runs/{run}/scores/{collection}.json"
CHOICE = "results/runs/{run}/best/{chooser}.json"
LOOK = "results/runs/{run}/clips/{look}/look.yaml"
FILM = "results/runs/{run}/clips/{look}/clips.mp4"
STRIP = "results/runs/{run}/clips/{look}/strip.png"
SLICES = "results/runs/{run}/clips/{look}/slices.png"
NEAREST = "results/runs/{run}/clips/{look}/nearest-{protocol}.png"
EVENTS = "results/tensorboard/{run}"

EXPERIMENT = "results/experiments/{experiment}-{key}.yaml"
TABLES = "results/tables/{experiment}"
FIGURES = "results/figures/{experiment}"
PAGE = "results/report/{experiment}/index.html"
