-- A token is matched by cognito_user_id, a receiver by handle: both must lead to one user. The original writes 'MOCK'
-- for everybody until the ids are known; here that is NULL, which any number of users may have.
ALTER TABLE public.users ALTER COLUMN cognito_user_id DROP NOT NULL;
UPDATE public.users SET cognito_user_id = NULL WHERE cognito_user_id IN ('', 'MOCK');
ALTER TABLE public.users ADD CONSTRAINT users_cognito_user_id_is_unique UNIQUE (cognito_user_id);
ALTER TABLE public.users ADD CONSTRAINT users_handle_is_unique UNIQUE (handle);
CREATE UNIQUE INDEX users_handle_is_unique_in_any_case ON public.users (lower(handle));
CREATE UNIQUE INDEX users_email_is_unique_in_any_case ON public.users (lower(email));
