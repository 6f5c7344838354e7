// Who is signed in. Tokens are kept in memory only, and `send` is the one place that an access token goes out from.

import { Refusal, SignedOut, Unreachable } from "./sayings.js";

const PATIENCE_MS = 15_000;
const FAREWELL_MS = 2_000;
const WRONG = "The handle or the password is wrong.";
const COGNITO_SAYS = {
  NotAuthorizedException: WRONG,
  UserNotFoundException: WRONG,
  InvalidParameterException: WRONG,
  UserNotConfirmedException: "This account is not confirmed yet: ask whoever runs this chat.",
  PasswordResetRequiredException: "The password must be reset first: ask whoever runs this chat.",
  TooManyRequestsException: "Too many attempts: wait a moment, then try again.",
  LimitExceededException: "Too many attempts: wait a moment, then try again.",
};

export class Session {
  #door;
  #access = null;
  #refresh = null;
  #renewal = null;
  #life = 0; // another one each time tokens are forgotten: what is under way then ends
  #onEnd;

  /** `door` says where Cognito is; `onEnd` hears when tokens are over and no new ones can be had. */
  constructor(door, onEnd) {
    this.#door = door;
    this.#onEnd = onEnd;
  }

  /** Sign in at Cognito (InitiateAuth, USER_PASSWORD_AUTH); resolves to who that is in the chat. */
  async signIn(handle, password) {
    if (!handle || !password) throw new Error("Give your handle and your password.");
    const said = await this.#cognito("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: handle, PASSWORD: password },
    });
    if (!said?.AuthenticationResult?.AccessToken) {
      throw new Error("This account needs a further step that this page does not know: ask whoever runs this chat.");
    }
    this.#access = said.AuthenticationResult.AccessToken;
    this.#refresh = said.AuthenticationResult.RefreshToken ?? null;
    try {
      return (await this.ask("GET", "/api/me")).said;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Forget the tokens, and have Cognito forget the one that could get new ones; that one ends by itself as well. */
  async signOut() {
    const refresh = this.#refresh;
    this.#forget();
    if (refresh) await this.#cognito("RevokeToken", { Token: refresh }, FAREWELL_MS).catch(() => {});
  }

  /** What the API answers, as JSON; `next` leads to the next page. */
  async ask(method, path, { body, key } = {}) {
    const headers = { ...(body && { "Content-Type": "application/json" }), ...(key && { "Idempotency-Key": key }) };
    const answer = await this.send(path, { method, headers, body: body && JSON.stringify(body) });
    const said = answer.status === 204 ? null : await answer.json().catch(() => { throw new Unreachable(); });
    if (!answer.ok) throw new Refusal(answer.status, said);
    const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
    return { said, next: next ? next[1] : null };
  }

  /** Send a request with the token; where that is over, once more with a new one. */
  async send(path, { signal = AbortSignal.timeout(PATIENCE_MS), ...options } = {}) {
    const used = this.#access;
    let answer = await this.#sendWith(used, path, { ...options, signal });
    if (answer.status !== 401) return answer;
    if (used === this.#access) await (this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; }));
    answer = await this.#sendWith(this.#access, path, { ...options, signal });
    if (answer.status === 401) this.#end();
    return answer;
  }

  async #sendWith(token, path, options) {
    if (!path.startsWith("/api/")) throw new Error(`The token is not for ${path}.`);
    if (!token) throw new SignedOut();
    const headers = { ...options.headers, Authorization: `Bearer ${token}` };
    return fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", redirect: "error" })
      .catch((error) => { throw error.name === "AbortError" ? error : new Unreachable(); });
  }

  async #renew() {
    const [refresh, life] = [this.#refresh, this.#life];
    if (!refresh) this.#end();
    try {
      const said = await this.#cognito("InitiateAuth", {
        AuthFlow: "REFRESH_TOKEN_AUTH",
        AuthParameters: { REFRESH_TOKEN: refresh },
      });
      if (life !== this.#life) throw new SignedOut();
      this.#access = said.AuthenticationResult.AccessToken;
      this.#refresh = said.AuthenticationResult.RefreshToken ?? refresh; // a pool can rotate them
    } catch (error) {
      if (error instanceof Unreachable || life !== this.#life) throw error;
      this.#end();
    }
  }

  #end() {
    this.#forget();
    this.#onEnd();
    throw new SignedOut();
  }

  #forget() {
    this.#access = this.#refresh = null;
    this.#life += 1;
  }

  async #cognito(operation, request, patienceMs = PATIENCE_MS) {
    const answer = await fetch(this.#door.cognito, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify({ ClientId: this.#door.client_id, ...request }),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(patienceMs),
    }).catch(() => { throw new Unreachable("The sign-in service cannot be reached: try again in a moment."); });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const name = String(said.__type ?? "").split("#").at(-1);
    if (answer.status >= 500) throw new Unreachable("The sign-in service is in trouble: try again in a moment.");
    throw new Error(COGNITO_SAYS[name] ?? `The sign-in service refuses this (${name || answer.status}).`);
  }
}
