"""What is done about findings: the worker's own reconcile where there is a row, and two transactions where not."""
