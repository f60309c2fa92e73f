# One model answers all its suites in one process.
rule respond:
    input:
        lambda wildcards: PLAN.inputs("respond", wildcards.artifact),
    output:
        update(f"{STORE}/respond/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/respond/{{artifact}}.log",
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
