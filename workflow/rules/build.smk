# Pictures, training data and suites: seconds each, so never a cluster job.
localrules:
    images,
    build,
    fit,


# Three rules for one command, so that `snakemake --until build` ends with all that tune needs:
# Snakemake leaves out what comes after the first job of a rule, and data come after pictures.
rule images:
    input:
        lambda wildcards: PLAN.inputs("build", wildcards.artifact),
    output:
        update(f"{STORE}/build/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/build/{{artifact}}.log",
    wildcard_constraints:
        artifact="images-[0-9a-f]+",
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


rule build:
    input:
        lambda wildcards: PLAN.inputs("build", wildcards.artifact),
    output:
        update(f"{STORE}/build/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/build/{{artifact}}.log",
    wildcard_constraints:
        artifact="(?!images-|fit_)[a-z0-9_]+(-[a-z0-9_]+)*",
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


# Suites of a recipe's own training items; made from its data.
rule fit:
    input:
        lambda wildcards: PLAN.inputs("build", wildcards.artifact),
    output:
        update(f"{STORE}/build/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/build/{{artifact}}.log",
    wildcard_constraints:
        artifact="fit_[a-z0-9_]+(-[a-z0-9_]+)*",
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
