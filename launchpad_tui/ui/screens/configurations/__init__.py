"""Configurations: the list, the details of one, the wizard that creates one."""
