"""What producer, worker and application have in common: keys, models, settings, errors, the AWS seam."""
