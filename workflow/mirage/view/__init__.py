"""What a person sees while a run goes: a live table on a terminal, plain lines elsewhere.

Snakemake hands its events to the plugin ``snakemake_logger_plugin_mirage`` (``logger: mirage`` in
profiles/default), which is ``mirage.view.handler``. Where a job stands is read from its log.
"""
