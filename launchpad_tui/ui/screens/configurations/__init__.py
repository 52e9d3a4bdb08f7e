"""The list of configurations, the details of a configuration, and the wizard that creates one."""
