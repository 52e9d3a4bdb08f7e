"""Executions: the list and the details of one."""
