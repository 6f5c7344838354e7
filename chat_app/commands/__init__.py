"""The commands of `chat-app`."""
