# Base models and recipes: the long jobs. They start first, so that no core waits at the end.
rule tune:
    input:
        lambda wildcards: PLAN.inputs("tune", wildcards.artifact),
    output:
        update(f"{STORE}/tune/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/tune/{{artifact}}.log",
    priority: 20
    threads: lambda wildcards: PLAN.job("tune", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "runtime"),
        gpu=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "gpu"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage tune {params.folder}"
    shell:
        "exec {params.python} -m mirage tune {params.folder} > {log} 2>&1"
