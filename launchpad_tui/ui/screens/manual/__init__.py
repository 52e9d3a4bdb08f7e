"""The manual: its topics and a view to read one."""
