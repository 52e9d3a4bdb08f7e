"""The AI API's JSON: one module per resource with the functions that serialize and parse it."""
