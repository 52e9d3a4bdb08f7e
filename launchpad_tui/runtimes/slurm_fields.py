"""The fields of a connection to a Slurm cluster."""

from __future__ import annotations

from launchpad_tui.domain.connection import Field, FieldKind

#: The resource plans of SAP AI Core as options of sbatch. The sizes are those of SAP's help page
#: "Choose a Resource Plan": CPU cores, memory in GB, and GPUs.
DEFAULT_PLANS = (
    "starter: --cpus-per-task=1 --mem=3G; "
    "basic: --cpus-per-task=3 --mem=11G; "
    "basic.8x: --cpus-per-task=31 --mem=116G; "
    "train.l: --cpus-per-task=7 --mem=55G --gres=gpu:1; "
    "infer.s: --cpus-per-task=3 --mem=10G --gres=gpu:1; "
    "infer.m: --cpus-per-task=7 --mem=26G --gres=gpu:1; "
    "infer.l: --cpus-per-task=15 --mem=58G --gres=gpu:1"
)

FIELDS = (
    Field(
        "shared_folder",
        "Shared folder",
        required=True,
        pattern=r"/\S.*",
        help="A folder that this machine and all nodes see at the same path. It has the code, "
        "inputs and outputs of running executions.",
    ),
    Field(
        "partition",
        "Partition",
        pattern=r"[\w.,-]+",
        help="Partitions for the jobs, separated by commas. Empty: the cluster's default.",
    ),
    Field("account", "Account", pattern=r"[\w.@+-]+", help="The account that jobs are charged to."),
    Field("qos", "QOS", pattern=r"[\w.,-]+", help="The quality of service of the jobs."),
    Field(
        "options",
        "Options",
        help="Further options of sbatch for every job, for example --constraint=a100 "
        "--time=4:00:00.",
    ),
    Field(
        "resource_plans",
        "Resource plans",
        default=DEFAULT_PLANS,
        lines=True,
        help="The options of sbatch for each value of the label ai.sap.com/resourcePlan, as NAME: "
        "OPTIONS, separated by semicolons or lines. The plan default applies to steps without the "
        "label.",
    ),
    Field(
        "requeue",
        "Requeue",
        FieldKind.CHOICE,
        default="yes",
        choices=("yes", "no"),
        help="Whether Slurm starts a job again after its node failed or it was preempted.",
    ),
    Field(
        "host",
        "SSH host",
        pattern=r"[A-Za-z0-9_][\w.@:%-]*",
        help="The login node on which Slurm's commands are called through ssh. Empty: on this "
        "machine.",
    ),
    Field(
        "parallel",
        "Parallel executions",
        FieldKind.NUMBER,
        default="32",
        pattern=r"[1-9]\d{0,3}",
        help="The number of executions that have jobs at the same time. Others wait on this "
        "machine.",
    ),
    Field(
        "poll_seconds",
        "Poll interval",
        default="5",
        pattern=r"\d{1,3}(\.\d+)?",
        help="Seconds between two calls of squeue, which are shared by all executions.",
    ),
    Field("description", "Description", help="A note about the purpose of this connection."),
)
