/* Helps on the page of a case; it works without. */
(() => {
  "use strict";

  const EVERY = 20000;

  const sendByKeys = (form) => {
    const send = form.querySelector("[data-sends]");
    if (!send) return;
    form.querySelectorAll("[data-shortcut]").forEach((hint) => { hint.hidden = false; });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit(send);
    });
  };

  const watch = (region, form) => {
    let told = region.textContent.trim();
    let timer = 0;
    let stopped = false;

    const note = (text, kind) => {
      const paragraph = document.createElement("p");
      paragraph.className = `alert alert--${kind}`;
      paragraph.textContent = text;
      return paragraph;
    };

    const paint = ({ text, changed }) => {
      const now = `${changed ? region.dataset.changed : ""} ${text}`.trim();
      /* Only what is new is read aloud. */
      if (now === told) return;
      told = now;
      const parts = [];
      if (changed) {
        const news = note(region.dataset.changed, "warning");
        const link = document.createElement("a");
        /* A button is named "action": form.action is that button. */
        link.href = form.getAttribute("action");
        link.textContent = region.dataset.reload;
        news.append(" ", link);
        parts.push(news);
      }
      if (text) parts.push(note(text, "info"));
      region.replaceChildren(...parts);
    };

    const ask = async () => {
      const body = new FormData();
      for (const name of ["csrfmiddlewaretoken", "seen"]) body.set(name, form.elements[name].value);
      try {
        const answer = await fetch(region.dataset.presenceUrl, { method: "POST", body, redirect: "manual" });
        if (answer.ok) paint(await answer.json());
        /* The session has ended, or the case is out of sight: asking again would not help. */
        else if (answer.status < 500) stopped = true;
      } catch {
        /* The server or the network is away: the next round asks again. */
      }
    };

    const go = (at) => {
      clearTimeout(timer);
      if (stopped || document.visibilityState !== "visible") return;
      timer = setTimeout(async () => { await ask(); go(EVERY); }, at);
    };

    document.addEventListener("visibilitychange", () => go(0));
    go(EVERY);
  };

  const form = document.getElementById("case-form");
  const region = document.getElementById("presence");
  if (form) sendByKeys(form);
  if (form && region) watch(region, form);
})();
