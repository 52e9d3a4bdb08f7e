"""The comparison of models and executions."""
