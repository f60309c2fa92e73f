# Rates, intervals, contrasts and gates of one study and judge.
localrules:
    score,


rule score:
    input:
        lambda wildcards: PLAN.inputs("score", wildcards.artifact),
    output:
        f"{STORE}/score/{{artifact}}/manifest.json",
    message:
        "score {wildcards.artifact}"
    log:
        f"{STORE}/logs/score/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("score", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("score", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("score", wildcards.artifact, "runtime"),
    shell:
        "exec {RUN} -m mirage score {STORE}/score/{wildcards.artifact} > {log} 2>&1"
