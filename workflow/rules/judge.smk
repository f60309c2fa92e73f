# A cheap judge reads all models in one process; needs no torch.
localrules:
    judge,


rule judge:
    input:
        lambda wildcards: PLAN.inputs("judge", wildcards.artifact),
    output:
        update(f"{STORE}/judge/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/judge/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("judge", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("judge", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("judge", wildcards.artifact, "runtime"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage judge {params.folder}"
    shell:
        "exec {params.python} -m mirage judge {params.folder} > {log} 2>&1"
