# Pictures, training data and suites: seconds each, so never a cluster job.
localrules:
    build,


rule build:
    input:
        lambda wildcards: PLAN.inputs("build", wildcards.artifact),
    output:
        update(f"{STORE}/build/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/build/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("build", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("build", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("build", wildcards.artifact, "runtime"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage build {params.folder}"
    shell:
        "exec {params.python} -m mirage build {params.folder} > {log} 2>&1"
