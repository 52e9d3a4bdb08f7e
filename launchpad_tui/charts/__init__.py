"""Charts: series in, styled text out. Pure, deterministic, and safe for threads."""
