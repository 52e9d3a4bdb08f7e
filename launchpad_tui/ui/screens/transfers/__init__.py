"""Downloads, uploads and other background work."""
