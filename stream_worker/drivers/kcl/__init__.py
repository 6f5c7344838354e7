"""The kcl driver: a fleet of hosts shares the shards by KCL's leases."""
