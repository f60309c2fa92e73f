# Tables, figures, PDF and HTML of one study; and a copy of them for `snakemake --report`.
localrules:
    report,
    report_pages,


rule report:
    input:
        lambda wildcards: PLAN.inputs("report", wildcards.artifact),
    output:
        update(f"{STORE}/report/{{artifact}}/manifest.json"),
    log:
        f"{STORE}/logs/report/{{artifact}}.log",
    threads: PLAN.asks("report", "threads")
    resources:
        mem_mb=PLAN.asks("report", "mem_mb"),
        runtime=PLAN.asks("report", "runtime"),
    params:
        command=PLAN.command("report"),
        folder=subpath(output[0], parent=True),
    message:
        "python -m mirage report {params.folder}"
    shell:
        "exec {params.command} > {log} 2>&1"


# No artifact: Snakemake shows only declared outputs, so these folders, unlike an artifact, are declared.
rule report_pages:
    input:
        rules.report.output,
    output:
        tables=report(
            directory(f"{STORE}/report_pages/{{artifact}}/tables"),
            patterns=["{name}.html"],
            caption="../../reports/snakemake/tables.rst",
            category="Tables",
            labels=snakemake_pages.labels(STORE, "tables"),
        ),
        figures=report(
            directory(f"{STORE}/report_pages/{{artifact}}/figures"),
            patterns=["{name}.html"],
            caption="../../reports/snakemake/figures.rst",
            category="Figures",
            labels=snakemake_pages.labels(STORE, "figures"),
        ),
        document=report(
            directory(f"{STORE}/report_pages/{{artifact}}/document"),
            patterns=["{name}.pdf"],
            caption="../../reports/snakemake/document.rst",
            category="Document",
            labels={"title": "The report for printing", "file": "report"},
        ),
    log:
        f"{STORE}/logs/report/{{artifact}}.pages.log",
    params:
        python=PLAN.python,
        folder=subpath(input[0], parent=True),
        out=subpath(output.tables, parent=True),
    message:
        "python -m mirage report_pages {params.folder} {params.out}"
    shell:
        "exec {params.python} -m mirage report_pages {params.folder} {params.out} > {log} 2>&1"
