"""JSON schemas of the settings files, made from the types, so that editors complete and check keys.

`python -m stylesv.config.schema` writes them to config/schema/; a test fails when they are not current.
"""

import copy
import json
from pathlib import Path
from typing import Any

from stylesv.config.settings import BaseSettings, ExperimentFile

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
OVERRIDES = ("dataset", "model", "protocol")


def schemas() -> dict[str, str]:
    """Every schema file's name and text: `config` for the whole, the others for files that override parts of it."""
    whole = BaseSettings.model_json_schema()
    partial = _without_required(whole)
    experiment = ExperimentFile.model_json_schema()
    experiment["$defs"] = {**experiment.get("$defs", {}), **partial["$defs"]}
    for section in (*OVERRIDES, "figures", "machine"):
        experiment["properties"][section] = partial["properties"][section]
    experiment["properties"]["per_model"]["additionalProperties"] = partial["properties"]["model"]
    # what an extended experiment gives need not be given again
    experiment["required"] = []
    found = {"config": whole, "experiment": experiment}
    for section in OVERRIDES:
        found[section] = {
            "$defs": partial["$defs"],
            "type": "object",
            "properties": {section: partial["properties"][section]},
            "required": [section],
            "additionalProperties": False,
        }
    return {
        f"{name}.schema.json": json.dumps({"$schema": DIALECT, **schema}, indent=1, sort_keys=True, allow_nan=False)
        + "\n"
        for name, schema in found.items()
    }


def _without_required(schema: Schema) -> Schema:
    """The same schema with every key optional: what an overriding file may hold."""
    result = copy.deepcopy(schema)
    for part in (result, *result["$defs"].values()):
        part.pop("required", None)
    return result


def main() -> None:
    """Write the schema files."""
    folder = Path("config/schema")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
