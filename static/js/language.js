/* Carries what is typed on a page over to the page in the other language: in this tab, once, and never a password. */
(() => {
  "use strict";

  const STORE = "helpdesk-typed";
  /* A password that is shown is an input of text. */
  const TYPED = "input:not([type=hidden], [type=password], [type=file], .password-reveal *), select, textarea";

  const typed = () => [...document.querySelectorAll("main form[method=post]")].flatMap(
    (form) => [...form.elements].filter((each) => each.name && !each.disabled && !each.readOnly && each.matches(TYPED)),
  );

  const hasState = (each) => each.type === "radio" || each.type === "checkbox";

  const keep = (address) => {
    const fields = typed().map((each) => [each.name, each.value, Boolean(each.checked)]);
    if (fields.length) sessionStorage.setItem(STORE, JSON.stringify({ address, fields }));
  };

  const give = () => {
    const kept = JSON.parse(sessionStorage.getItem(STORE));
    sessionStorage.removeItem(STORE);
    if (!kept || kept.address !== location.pathname + location.search) return;
    for (const [name, value, checked] of kept.fields) {
      const field = typed().find((each) => each.name === name && (!hasState(each) || each.value === value));
      if (!field) continue;
      if (hasState(field)) field.checked = checked;
      else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  /* A browser may forbid the store; the switch works without it. */
  const attempt = (act) => {
    try {
      act();
    } catch {
      /* Nothing is carried over. */
    }
  };

  document.querySelectorAll(".language-switch").forEach((form) => {
    form.addEventListener("submit", () => attempt(() => keep(form.elements.next.value)));
  });
  attempt(give);
})();
