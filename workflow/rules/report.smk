# Tables, figures, PDF and HTML of one study.
localrules:
    report,


rule report:
    input:
        lambda wildcards: PLAN.inputs("report", wildcards.artifact),
    output:
        update(f"{STORE}/report/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/report/{{artifact}}.log",
    threads: lambda wildcards: PLAN.job("report", wildcards.artifact).threads
    resources:
        mem_mb=lambda wildcards: PLAN.resource("report", wildcards.artifact, "mem_mb"),
        runtime=lambda wildcards: PLAN.resource("report", wildcards.artifact, "runtime"),
    params:
        python=PLAN.python,
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage report {params.folder}"
    shell:
        "exec {params.python} -m mirage report {params.folder} > {log} 2>&1"
