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
    threads: PLAN.asks("build", "threads")
    resources:
        mem_mb=PLAN.asks("build", "mem_mb"),
        runtime=PLAN.asks("build", "runtime"),
    params:
        command=PLAN.command("build"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage build {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"
