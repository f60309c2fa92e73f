# One model under one judge: rules, or the client of a judge that answers over HTTP; needs no torch.
localrules:
    judge,


rule judge:
    input:
        lambda wildcards: PLAN.inputs("judge", wildcards.artifact),
    output:
        update(f"{STORE}/judge/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/judge/{{artifact}}.log",
    threads: PLAN.asks("judge", "threads")
    resources:
        mem_mb=PLAN.asks("judge", "mem_mb"),
        runtime=PLAN.asks("judge", "runtime"),
    params:
        command=PLAN.command("judge"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage judge {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"
