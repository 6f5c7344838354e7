-- Cruddur's table of users. A database that has it already keeps it, with its rows.
CREATE TABLE IF NOT EXISTS public.users (
  uuid uuid DEFAULT gen_random_uuid() PRIMARY KEY,
  display_name text NOT NULL,
  handle text NOT NULL,
  email text NOT NULL,
  cognito_user_id text NOT NULL,
  created_at timestamp DEFAULT current_timestamp NOT NULL
);
