"""What the commands of `chat-app` do."""
