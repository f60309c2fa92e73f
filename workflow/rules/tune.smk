# Base models and recipes: the long jobs.
rule tune:
    input:
        lambda wildcards: PLAN.inputs("tune", wildcards.artifact),
    output:
        f"{STORE}/tune/{{artifact}}/manifest.json",
    message:
        "tune {wildcards.artifact}"
    log:
        f"{STORE}/logs/tune/{{artifact}}.log",
    priority: 20
    threads: lambda wildcards: PLAN.job("tune", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "runtime"),
        gpu=lambda wildcards: PLAN.resource("tune", wildcards.artifact, "gpu"),
    shell:
        "exec {RUN} -m mirage tune {STORE}/tune/{wildcards.artifact} > {log} 2>&1"
