# One model answers all its suites in one process; and, where it is asked for, how fast models answer.
rule respond:
    input:
        lambda wildcards: PLAN.inputs("respond", wildcards.artifact),
    output:
        update(f"{STORE}/respond/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/respond/{{artifact}}.log",
    wildcard_constraints:
        artifact="(?!speed-)[a-z0-9_]+(-[a-z0-9_]+)*",
    priority: 10
    threads: PLAN.asks("respond", "threads")
    resources:
        mem_mb=PLAN.asks("respond", "mem_mb"),
        runtime=PLAN.asks("respond", "runtime"),
        gpu=PLAN.asks("respond", "gpu"),
        nodes=PLAN.asks("respond", "nodes"),
        slurm_partition=PLAN.asks("respond", "slurm_partition"),
        constraint=PLAN.asks("respond", "constraint"),
        slurm_extra=PLAN.asks("respond", "slurm_extra"),
    params:
        command=PLAN.command("respond"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage respond {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"


# It takes all cores, though it uses few: no other job may run beside a measurement. It comes last.
rule speed:
    input:
        lambda wildcards: PLAN.inputs("respond", wildcards.artifact),
    output:
        update(f"{STORE}/respond/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/respond/{{artifact}}.log",
    wildcard_constraints:
        artifact="speed-[a-z0-9_]+(-[a-z0-9_]+)*",
    priority: -10
    threads: workflow.cores or 1
    resources:
        mem_mb=PLAN.asks("respond", "mem_mb"),
        runtime=PLAN.asks("respond", "runtime"),
        gpu=PLAN.asks("respond", "gpu"),
        nodes=PLAN.asks("respond", "nodes"),
        slurm_partition=PLAN.asks("respond", "slurm_partition"),
        constraint=PLAN.asks("respond", "constraint"),
        slurm_extra="--exclusive",
    params:
        command=PLAN.command("respond"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage respond {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"
