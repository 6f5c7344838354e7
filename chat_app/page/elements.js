// The page's parts by their names. Whatever people wrote goes in as text (`textContent`): nothing here takes markup.

export const place = (id) => document.getElementById(id);

/** A copy of what a <template> holds. */
export function copyOf(template) {
  return place(template).content.firstElementChild.cloneNode(true);
}

/** An element with this text. */
export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

/** Put this text there, unless it is there already: a reader would say it again. */
export function say(there, text) {
  if (there.textContent !== text) there.textContent = text;
}

/** Initials on a colour that is always the same for a handle. */
export function dress(avatar, user) {
  const words = user.display_name.trim().split(/\s+/).filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined].filter(Boolean).map((word) => [...word][0]);
  avatar.textContent = initials.join("").toUpperCase() || "?";
  avatar.style.setProperty("--hue", hueOf(user.handle));
}

/** A dialog that asks for something: `attempt` is tried on submit, nobody leaves meanwhile, and a refusal is said. */
export function asks(dialog, attempt, { canLeave = true } = {}) {
  const form = dialog.querySelector("form");
  const refusal = dialog.querySelector(".refusal");
  const [button, leave] = ["[type=submit]", "[value=cancel]"].map((choice) => form.querySelector(choice));
  const setBusy = (isBusy) => [button, leave].filter(Boolean).forEach((one) => { one.disabled = isBusy; });
  form.noValidate = true; // its sentences stand in the dialog, not in bubbles of the browser's
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    setBusy(true);
    refusal.textContent = "";
    try {
      await attempt(form);
    } catch (error) {
      refusal.textContent = error.message;
    }
    setBusy(false);
    if (dialog.open && document.activeElement === document.body) button.focus(); // it was lost when it was disabled
  });
  leave?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("cancel", (event) => leave?.disabled && event.preventDefault());
  if (!canLeave) {
    document.addEventListener("keydown", (event) => { // where closedby="none" is not known yet
      if (event.key === "Escape" && dialog.open) event.preventDefault();
    });
  }
  dialog.addEventListener("close", () => { refusal.textContent = ""; });
  return form;
}

function hueOf(handle) {
  let hash = 0;
  for (const character of handle) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}
