/* Helps where script runs; every page works without it. Safe to run twice on one page. */
(() => {
  "use strict";

  const once = (element) => {
    if (element.dataset.enhanced) return false;
    element.dataset.enhanced = "yes";
    return true;
  };

  const liveRegion = () => {
    const region = document.createElement("span");
    region.className = "visually-hidden";
    region.setAttribute("aria-live", "polite");
    return region;
  };

  const addShowControl = (input) => {
    if (!once(input)) return;
    const label = input.labels && input.labels[0] ? input.labels[0].textContent.trim() : "";
    const wrapper = document.createElement("div");
    const button = document.createElement("button");
    const region = liveRegion();
    wrapper.className = "password-reveal";
    button.type = "button";
    button.className = "button button--secondary";
    button.setAttribute("aria-controls", input.id);
    const paint = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? "Hide" : "Show";
      button.setAttribute("aria-label", `${button.textContent} ${label}`.trim());
    };
    paint(false);
    button.addEventListener("click", () => {
      paint(input.type === "password");
      region.textContent = input.type === "text" ? "Your password is shown" : "Your password is hidden";
    });
    /* A shown password must not be kept by the browser's form history. */
    if (input.form) input.form.addEventListener("submit", () => paint(false));
    input.before(wrapper);
    wrapper.append(input, button, region);
  };

  const addCounter = (area) => {
    if (!once(area)) return;
    const limit = Number(area.dataset.maxLength || area.getAttribute("maxlength"));
    const seen = document.createElement("p");
    const region = liveRegion();
    const number = new Intl.NumberFormat(`${document.documentElement.lang}-US`);
    seen.className = "counter";
    seen.setAttribute("aria-hidden", "true");
    /* The server counts code points, a line break as one; maxlength would cut a paste without a word. */
    area.removeAttribute("maxlength");
    const say = () => {
      const left = limit - Array.from(area.value).length;
      const text = left < 0 ? `${number.format(-left)} characters too many` : `${number.format(left)} characters left`;
      seen.textContent = text;
      seen.classList.toggle("counter--over", left < 0);
      return { left, text };
    };
    let timer = 0;
    area.addEventListener("input", () => {
      const { left, text } = say();
      clearTimeout(timer);
      if (left < limit / 10) timer = setTimeout(() => { region.textContent = text; }, 1000);
    });
    say();
    area.after(seen, region);
  };

  document.querySelectorAll("input[type=password][data-show-password]").forEach(addShowControl);
  document.querySelectorAll("textarea[maxlength], textarea[data-max-length]").forEach(addCounter);
})();
