# Rates, intervals, contrasts and gates of one study and judge.
localrules:
    score,


rule score:
    input:
        lambda wildcards: PLAN.inputs("score", wildcards.artifact),
    output:
        update(f"{STORE}/score/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/score/{{artifact}}.log",
    threads: PLAN.asks("score", "threads")
    resources:
        mem_mb=PLAN.asks("score", "mem_mb"),
        runtime=PLAN.asks("score", "runtime"),
    params:
        command=PLAN.command("score"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage score {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"
