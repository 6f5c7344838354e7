"""DynamoDB and its streams as they may behave: what is promised, and the worst of what is not."""
