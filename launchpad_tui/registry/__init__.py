"""The registry: one SQLite file that several processes read and write. SQLite is hidden by it."""
