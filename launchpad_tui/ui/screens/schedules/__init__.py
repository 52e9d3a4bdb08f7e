"""Execution schedules."""
