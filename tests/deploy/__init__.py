"""The CloudFormation templates: what they say, what an engine makes of them, what their roles may do."""
