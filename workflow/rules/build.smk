# Training data and suites: seconds each, so never a cluster job.
localrules:
    build,


rule build:
    input:
        lambda wildcards: PLAN.inputs("build", wildcards.artifact),
    output:
        f"{STORE}/build/{{artifact}}/manifest.json",
    message:
        "build {wildcards.artifact}"
    log:
        f"{STORE}/logs/build/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("build", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("build", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("build", wildcards.artifact, "runtime"),
    shell:
        "exec {RUN} -m mirage build {STORE}/build/{wildcards.artifact} > {log} 2>&1"
