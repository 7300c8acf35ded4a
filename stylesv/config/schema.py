"""JSON schemas of the settings files, made from the types, so that editors complete and check keys.

Types stand once, in config/schema/stylesv.schema.json; each kind of file has a small schema beside it that refers there.
`python -m stylesv.config.schema` writes them; a test fails when they are not current.
"""

import copy
import json
from pathlib import Path
from typing import Any

from stylesv.config.settings import BaseSettings, ExperimentFile

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SHARED = "stylesv.schema.json"
OVERRIDES = ("dataset", "model", "protocol")


def schemas() -> dict[str, str]:
    """Every schema file's name and text: `config` for the whole, the others for files that override parts of it."""
    whole = BaseSettings.model_json_schema()
    partial = _without_required(whole)
    experiment = ExperimentFile.model_json_schema()
    types = {**experiment.pop("$defs", {}), **partial.pop("$defs")}
    for section in (*OVERRIDES, "figures", "films"):
        experiment["properties"][section] = partial["properties"][section]
    for kind in (experiment, types["DatasetModels"]):
        kind["properties"]["per_model"]["additionalProperties"] = partial["properties"]["model"]
    types["DatasetModels"]["properties"]["model"] = partial["properties"]["model"]
    # what an extended experiment gives need not be given again
    experiment["required"] = []
    types["ProtocolNames"].pop("required")
    kinds = {"config": {"allOf": [partial, _required(whole, whole["$defs"])]}, "experiment": experiment}
    for section in OVERRIDES:
        extends = {
            **experiment["properties"]["extends"],
            "description": f"Another {section}'s file, which is read first.",
        }
        kinds[section] = {
            "type": "object",
            "properties": {section: partial["properties"][section], "extends": extends},
            "required": [section],
            "additionalProperties": False,
        }
    files: dict[str, Schema] = {f"{kind}.schema.json": {"$ref": f"{SHARED}#/$defs/{kind}"} for kind in kinds}
    files[SHARED] = {"$defs": {**types, **kinds}}
    return {
        name: json.dumps({"$schema": DIALECT, **schema}, indent=1, sort_keys=True, allow_nan=False) + "\n"
        for name, schema in files.items()
    }


def _without_required(schema: Schema) -> Schema:
    """The same schema with every key optional: what an overriding file may hold."""
    result = copy.deepcopy(schema)
    for part in (result, *result["$defs"].values()):
        part.pop("required", None)
    return result


def _required(schema: Schema, types: dict[str, Schema]) -> Schema:
    """What a schema requires, and nothing else of it: with `_without_required` it is the schema again.

    A section that may be null is one of two alternatives, and what it requires says nothing about null.
    """
    inside = {}
    for name, part in schema.get("properties", {}).items():
        references = [one["$ref"] for one in (part, *part.get("anyOf", ())) if "$ref" in one]
        if len(references) == 1:
            inside[name] = _required(types[references[0].rsplit("/", 1)[1]], types)
    found = {
        "required": schema.get("required", []),
        "properties": {name: part for name, part in inside.items() if part},
    }
    return {key: value for key, value in found.items() if value}


def main() -> None:
    """Write the schema files."""
    folder = Path("config/schema")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
