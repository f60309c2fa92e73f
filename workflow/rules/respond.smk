# One model answers all suites in one process.
rule respond:
    input:
        lambda wildcards: PLAN.inputs("respond", wildcards.artifact),
    output:
        f"{STORE}/respond/{{artifact}}/manifest.json",
    message:
        "respond {wildcards.artifact}"
    log:
        f"{STORE}/logs/respond/{{artifact}}.log",
    priority: 10
    threads: lambda wildcards: PLAN.job("respond", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "runtime"),
        gpu=lambda wildcards: PLAN.resource("respond", wildcards.artifact, "gpu"),
    shell:
        "exec {RUN} -m mirage respond {STORE}/respond/{wildcards.artifact} > {log} 2>&1"
