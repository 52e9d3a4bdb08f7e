"""Models, datasets and other artifacts: lists, details, lineage."""
