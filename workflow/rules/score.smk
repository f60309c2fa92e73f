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
    threads: lambda wildcards: PLAN.job("score", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("score", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("score", wildcards.artifact, "runtime"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage score {params.folder}"
    shell:
        "exec {params.python} -m mirage score {params.folder} > {log} 2>&1"
