"""What addresses of MLflow's pages must say."""

TRAINING = "workflowType=machine_learning"
"""Or pages open among traces: MLflow 3 asks neither the experiment nor its runs, only the address
and what a person clicked last."""
