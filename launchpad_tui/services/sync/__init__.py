"""Synchronization of remote runtimes with the registry, so that synced records are available offline."""
