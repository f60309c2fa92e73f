# Tables, figures, PDF and HTML of one study.
localrules:
    report,


rule report:
    input:
        lambda wildcards: PLAN.inputs("report", wildcards.artifact),
    output:
        f"{STORE}/report/{{artifact}}/manifest.json",
    message:
        "report {wildcards.artifact}"
    log:
        f"{STORE}/logs/report/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("report", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("report", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("report", wildcards.artifact, "runtime"),
    shell:
        "exec {RUN} -m mirage report {STORE}/report/{wildcards.artifact} > {log} 2>&1"
