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
    threads: lambda wildcards: PLAN.job("respond", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource(
            "respond", wildcards.artifact, "runtime"
        ),
        gpu=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "gpu"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage respond {params.folder}"
    shell:
        "exec {params.python} -m mirage respond {params.folder} > {log} 2>&1"


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
        mem_mb=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource(
            "respond", wildcards.artifact, "runtime"
        ),
        gpu=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "gpu"),
        slurm_extra="--exclusive",
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage respond {params.folder}"
    shell:
        "exec {params.python} -m mirage respond {params.folder} > {log} 2>&1"
