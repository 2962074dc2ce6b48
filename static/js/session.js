/* Warns before the session ends, and leads to the login once it has. The server alone knows when that is. */
(() => {
  "use strict";

  const AGAIN_WHEN_WARNED = 20000;
  const AGAIN_WHEN_ENDED = 5000;
  const CSRF_COOKIE = "helpdesk_csrf";

  const dialog = document.getElementById("session-warning");
  if (!dialog || dialog.dataset.watched) return;
  dialog.dataset.watched = "yes";

  const words = dialog.dataset;
  const part = (name) => dialog.querySelector(`[data-${name}]`);
  const title = document.getElementById("session-warning-title");
  const text = document.getElementById("session-warning-text");
  const [note, stay, close, logOut, logIn] = ["note", "stay", "close", "log-out", "log-in"].map(part);
  const lang = document.documentElement.lang || "en";
  const pageTitle = document.title;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("helpdesk-session") : null;

  let end = Date.now() + words.left * 1000;
  let isFinal = "final" in words;
  let asked = 0;
  let turns = 0;
  let heard = Date.now();
  let looking = false;
  let dismissed = false;

  const csrfToken = () => {
    const pair = document.cookie.split("; ").find((each) => each.startsWith(`${CSRF_COOKIE}=`));
    return pair ? pair.slice(CSRF_COOKIE.length + 1) : "";
  };

  const isDismissed = () => dismissed && isFinal;
  const isCovered = () => document.body.classList.contains("is-covered");

  /* --- what is said --------------------------------------------------------- */

  const time = (left) => {
    const minutes = Math.ceil(left / 60000);
    if (minutes < 2) return words.lastMinute;
    const one = new Intl.PluralRules(lang).select(minutes) === "one";
    return (one ? words.minutesOne : words.minutesOther).replace("{number}", new Intl.NumberFormat(lang).format(minutes));
  };

  const say = (element, sentence) => {
    /* The same words again would be read out again. */
    if (element.textContent !== sentence) element.textContent = sentence;
  };

  const show = (state, sentence) => {
    say(title, words[`${state}Title`]);
    say(text, sentence);
    stay.hidden = state !== "idle";
    close.hidden = state !== "final";
    logOut.hidden = state === "ended";
    logIn.hidden = state !== "ended";
    if (dialog.open) return;
    dialog.showModal();
    [stay, close, logIn].find((each) => !each.hidden).focus();
  };

  const warn = (left) => {
    const state = isFinal ? "final" : "idle";
    const kept = document.querySelector("form[data-draft-url]") ? ` ${words.keptText}` : "";
    show(state, words[`${state}Text`].replace("{time}", time(left)) + kept);
  };

  /* Nothing of a session that has ended stays readable: the page may be on a screen in a corridor. */
  const cover = () => {
    if (isCovered()) return;
    if (dialog.open) dialog.close();
    document.body.classList.add("is-covered");
    document.title = words.endedTitle;
    show("ended", words.endedText);
  };

  const goOn = () => {
    if (isCovered()) {
      document.body.classList.remove("is-covered");
      document.title = pageTitle;
    }
    say(note, "");
    if (dialog.open) dialog.close();
  };

  /* --- what the server says ------------------------------------------------- */

  const learn = (told) => {
    end = Date.now() + told.left * 1000;
    isFinal = told.final;
  };

  const ask = async (stays) => {
    const turn = (turns += 1);
    asked = Date.now();
    try {
      const headers = stays ? { "X-CSRFToken": csrfToken() } : {};
      const answer = await fetch(words.url, { method: stays ? "POST" : "GET", headers, redirect: "manual", cache: "no-store" });
      /* A redirect leads to the login. */
      if (answer.type === "opaqueredirect") return "ended";
      if (!answer.ok) return "away";
      const told = await answer.json();
      if (turn !== turns) return "overtaken";
      if (told.person !== words.person) return "somebody else";
      learn(told);
      if (stays && channel) channel.postMessage({ person: words.person, end, isFinal });
      return "here";
    } catch {
      return "away";
    }
  };

  const leave = async (state) => {
    cover();
    const kept = [];
    document.dispatchEvent(new CustomEvent("session:ended", { detail: { kept } }));
    const outcomes = await Promise.all(kept);
    if (outcomes.includes("failed")) {
      say(note, words.unsavedText);
      return;
    }
    const ended = outcomes.includes("kept") ? "kept" : "yes";
    const login = `${words.login}?next=${encodeURIComponent(words.next)}&ended=${ended}`;
    window.location.replace(state === "ended" ? login : words.home);
  };

  const follow = async (state) => {
    if (state === "ended" || state === "somebody else") {
      end = 0;
      await leave(state);
    } else if (state === "here" && end - Date.now() > words.warn * 1000) {
      goOn();
    } else if (state === "here" || (state === "away" && !isCovered())) {
      if (isCovered()) goOn();
      if (!isDismissed()) warn(end - Date.now());
    } else if (state === "away") {
      say(note, words.awayText);
    }
  };

  const look = async () => {
    if (looking) return;
    looking = true;
    await follow(await ask(false));
    looking = false;
  };

  /* Runs every second against the clock on the wall: a laptop that slept finds out when it wakes. */
  const tick = () => {
    const left = end - Date.now();
    if (left > words.warn * 1000) {
      if (dialog.open) goOn();
      return;
    }
    if (left <= 0) cover();
    else if (isDismissed()) return;
    else if (dialog.open) warn(left);
    const pause = left <= 0 ? AGAIN_WHEN_ENDED : AGAIN_WHEN_WARNED;
    if (!dialog.open || Date.now() - asked >= pause) look();
  };

  const remain = async () => {
    const state = await ask(true);
    if (state === "away") say(note, words.awayText);
    else await follow(state);
  };

  const put = () => {
    dismissed = true;
    goOn();
  };

  stay.addEventListener("click", remain);
  close.addEventListener("click", put);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (!stay.hidden) remain();
    else if (!close.hidden) put();
  });
  /* A browser lets nobody hold a dialog open for ever. */
  dialog.addEventListener("close", () => {
    if (isCovered()) show("ended", words.endedText);
  });
  /* Typing is activity, also where nothing is saved meanwhile. */
  document.addEventListener("input", () => {
    if (isFinal || Date.now() - heard < words.every * 1000) return;
    heard = Date.now();
    ask(true);
  });
  if (channel) {
    channel.addEventListener("message", ({ data }) => {
      if (data.person !== words.person) return;
      ({ end, isFinal } = data);
      if (!isCovered()) tick();
    });
  }
  const lookIfSeen = () => {
    if (end <= Date.now()) cover();
    if (document.visibilityState === "visible") look();
  };
  document.addEventListener("visibilitychange", lookIfSeen);
  window.addEventListener("online", lookIfSeen);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) lookIfSeen();
  });
  setInterval(tick, 1000);
})();
