# snakemake                                     the default study, on this machine
# snakemake --config study=... seeds=[0,1]      another one (see: mirage plan --help)
# snakemake --profile slurm                     the same on a cluster
# snakemake --report report-snakemake.html      after a run: tables, figures and run times in one page
# Outputs are flagged `update`, and never copied or put back: Snakemake must not touch the manifest of an
# artifact that another run has just finished. A finished artifact is left alone by its job; to make it
# again, remove its folder.
# What runs is decided in workflow/mirage/plan; what each rule does, in workflow/mirage/<stage>.
import sys

from snakemake.utils import min_version

from mirage.plan import snakemake_pages
from mirage.plan.dag import finish_command, open_plan
from mirage.plan.finished_outputs import leave_outputs_alone
from mirage.context import ConfigError
from mirage.view import run as view

min_version("9.27")
leave_outputs_alone()

try:
    PLAN = open_plan(config, main=workflow.is_main_process)
except ConfigError as wrong:
    sys.exit(f"error: {wrong}")

STORE = PLAN.store


report: "reports/snakemake/workflow.rst"


wildcard_constraints:
    artifact="[a-z0-9_]+(-[a-z0-9_]+)*",


include: "workflow/rules/build.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/respond.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        PLAN.targets,
        snakemake_pages.folders(STORE, PLAN.reports),


# Snakemake calls none of the three below where nothing is to be done.
view.when_nothing_runs(workflow, finish_command(PLAN))


onstart:
    view.begin(workflow, PLAN)


onsuccess:
    view.end(workflow)
    shell(finish_command(PLAN))


onerror:
    view.end(workflow)
    shell(finish_command(PLAN, view.failed(workflow)))
