"""The list of executions, the details of an execution, and the wizard that reruns one."""
