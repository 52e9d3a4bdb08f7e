"""The embedded runtime: workflow templates, run as processes of this machine under a small
supervisor."""
