"""Films and frames as files, for everything that writes them."""
