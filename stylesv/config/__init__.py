"""What may be set: types, YAML with line numbers, recipes and keys, schemas."""
