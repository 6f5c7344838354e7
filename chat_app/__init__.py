"""The application: an HTTP API over the chat's table, its users in Postgres, Cognito at the door."""
