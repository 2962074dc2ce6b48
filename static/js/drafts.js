/* Keeps what is typed into a form[data-draft-url] on the server. Every form works without it. Safe to run twice. */
(() => {
  "use strict";

  const PAUSE = 1500;
  const LONGEST = 10000;
  const RETRY = 15000;
  /* A login in another tab gives a new token; the one in this page's form would be refused. */
  const CSRF_COOKIE = "helpdesk_csrf";

  const csrfToken = () => {
    const pair = document.cookie.split("; ").find((each) => each.startsWith(`${CSRF_COOKIE}=`));
    return pair ? pair.slice(CSRF_COOKIE.length + 1) : "";
  };

  const contents = (form) => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    if (csrfToken()) data.set("csrfmiddlewaretoken", csrfToken());
    return data;
  };

  const isEmpty = (form) => [...form.elements].every((each) => each.type !== "textarea" || !each.value.trim());

  const watch = (form) => {
    if (form.dataset.draftWatched) return;
    form.dataset.draftWatched = "yes";
    const status = form.querySelector("[data-draft-status]") || document.querySelector("[data-draft-status]");
    const clock = new Intl.DateTimeFormat(`${document.documentElement.lang}-US`, { hour: "numeric", minute: "2-digit" });
    /* What came with the page without being kept is unsaved too. */
    let unsaved = "draftUnsaved" in form.dataset;
    let since = 0;
    let sent = false;
    let timer = 0;
    let running = null;

    const say = (outcome) => {
      if (!status) return;
      const words = outcome === "saved" && isEmpty(form) ? "" : status.dataset[outcome];
      const text = words.replace("{time}", clock.format(new Date()));
      /* The same words again would be read out again. */
      if (status.textContent !== text) status.textContent = text;
    };

    const sendIn = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(() => send(false), milliseconds);
    };

    const answerTo = async (leaving, signal) => {
      try {
        /* A redirect leads to the login: following it would show nobody anything. */
        const options = { method: "POST", body: contents(form), redirect: "manual", keepalive: leaving, signal };
        const response = await fetch(form.dataset.draftUrl, options);
        if (response.status === 204) return "saved";
        if (response.type === "opaqueredirect") return "loggedOut";
        return response.status >= 500 ? "retry" : "failed";
      } catch {
        return "retry";
      }
    };

    const send = async (leaving) => {
      clearTimeout(timer);
      if (!unsaved || sent || (running && !leaving)) return;
      if (running) running.abort();
      const attempt = new AbortController();
      running = attempt;
      unsaved = false;
      const outcome = await answerTo(leaving, attempt.signal);
      if (running !== attempt) return;
      running = null;
      if (sent) return;
      if (outcome === "saved" && unsaved) sendIn(PAUSE);
      if (outcome !== "saved") unsaved = true;
      if (outcome === "retry") sendIn(RETRY);
      say(outcome === "retry" ? "failed" : outcome);
    };

    /* The session has ended, and the page will be left. The stamp in the form says whose the text is. */
    const keepLastWords = async () => {
      clearTimeout(timer);
      if (sent || isEmpty(form)) return "nothing";
      if (!unsaved && !running) return "kept";
      const body = contents(form);
      body.set("leaving", "1");
      try {
        const response = await fetch(form.dataset.draftUrl, { method: "POST", body, redirect: "manual" });
        if (response.status === 204) {
          unsaved = false;
          return "kept";
        }
        return response.status >= 500 ? "failed" : "lost";
      } catch {
        return "failed";
      }
    };

    const stop = () => {
      sent = true;
      clearTimeout(timer);
      if (running) running.abort();
    };

    const typed = () => {
      if (!unsaved) since = Date.now();
      unsaved = true;
      sent = false;
      sendIn(Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
    };

    form.addEventListener("input", typed);
    form.addEventListener("change", typed);
    /* At the window, after whoever may hold the form back. Another form of the page leaves it: the text is kept. */
    window.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      if (event.target === form || "draftDiscard" in event.target.dataset) stop();
      else send(true);
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) sent = false;
    });
    document.addEventListener("session:ended", (event) => event.detail.kept.push(keepLastWords()));
    window.addEventListener("pagehide", () => send(true));
    document.addEventListener("visibilitychange", () => send(document.visibilityState === "hidden"));
  };

  document.querySelectorAll("form[data-draft-url]").forEach(watch);
})();
