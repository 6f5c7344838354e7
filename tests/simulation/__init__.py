"""A deterministic simulator: the production code on a simulated cloud, one seed one run."""
