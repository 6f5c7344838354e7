-- What a request with an Idempotency-Key has become: its message's name and place, from before the first attempt on.
CREATE TABLE public.idempotency_keys (
  user_uuid uuid NOT NULL REFERENCES public.users ON DELETE CASCADE,
  key text NOT NULL,
  request bytea NOT NULL,
  message_uuid uuid NOT NULL,
  created_at text NOT NULL,
  message_group_uuid text,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (user_uuid, key)
);
CREATE INDEX idempotency_keys_by_expiry ON public.idempotency_keys (expires_at);
