"""Charts: data in, styled text out. Pure, deterministic and thread-safe."""
