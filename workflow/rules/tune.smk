# Base models and recipes: the long jobs. They start first, so that no core waits at the end.
rule tune:
    input:
        lambda wildcards: PLAN.inputs("tune", wildcards.artifact),
    output:
        update(f"{STORE}/tune/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/tune/{{artifact}}.log",
    priority: 20
    threads: PLAN.asks("tune", "threads")
    resources:
        mem_mb=PLAN.asks("tune", "mem_mb"),
        runtime=PLAN.asks("tune", "runtime"),
        gpu=PLAN.asks("tune", "gpu"),
        nodes=PLAN.asks("tune", "nodes"),
        slurm_partition=PLAN.asks("tune", "slurm_partition"),
        constraint=PLAN.asks("tune", "constraint"),
        slurm_extra=PLAN.asks("tune", "slurm_extra"),
    params:
        command=PLAN.command("tune"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage tune {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"
