// What the API refuses, as sentences: what happened and what to do.

const SAYINGS = {
  message_blank: "The message is empty: write something.",
  message_exceed_max_chars: "The message is longer than 1,024 characters: shorten it.",
  message_has_control_chars: "The message has characters that cannot be shown: take them out.",
  message_group_not_found: "This conversation is not yours any more.",
  message_not_found: "The message is gone.",
  message_not_yours: "Only who wrote a message can change it.",
  user_reciever_handle_blank: "Say to whom: a handle, such as bayko.",
  user_reciever_handle_unknown: "Nobody has this handle: check how it is written.",
  user_reciever_is_oneself: "That is you: write to somebody else.",
  too_many_message_groups: "You have as many conversations as one can have.",
  too_many_requests: "That was a lot at once: wait a moment, then try again.",
  cognito_user_id_blank: "You can sign in, but are not known here yet: ask whoever runs this chat.",
  unavailable: "The chat cannot be reached behind the scenes: try again in a moment.",
};

const UNREACHABLE = "The chat cannot be reached: check the connection, then try again.";

/** The API has said no. */
export class Refusal extends Error {
  constructor(status, codes) {
    const code = Array.isArray(codes) ? codes[0] : undefined;
    super(SAYINGS[code] ?? `The chat refuses this (${code ?? status}).`);
    this.status = status;
    this.code = code;
  }
}

/** Nobody is signed in any more. */
export class SignedOut extends Error {
  constructor() {
    super("Your session has ended: sign in again to go on.");
  }
}

/** Nobody answers. */
export class Unreachable extends Error {
  constructor(message = UNREACHABLE) {
    super(message);
  }
}
