/* Helps with single controls; every page works without it. The words come with the page, in its language. */
(() => {
  "use strict";

  const addShowControl = (wrapper) => {
    const [input, button, region] = wrapper.children;
    const word = button.firstElementChild;
    const paint = (visible) => {
      input.type = visible ? "text" : "password";
      word.textContent = visible ? word.dataset.hide : word.dataset.show;
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      paint(input.type === "password");
      region.textContent = input.type === "text" ? region.dataset.shown : region.dataset.hidden;
    });
    /* A shown password must not be kept by the browser's form history. */
    if (input.form) input.form.addEventListener("submit", () => paint(false));
  };

  const addCounter = (area) => {
    const seen = area.nextElementSibling;
    if (!seen || !seen.matches(".counter")) return;
    const region = seen.nextElementSibling;
    const limit = Number(area.dataset.maxLength || area.getAttribute("maxlength"));
    const lang = `${document.documentElement.lang}-US`;
    const number = new Intl.NumberFormat(lang);
    const plural = new Intl.PluralRules(lang);
    /* The server counts code points, a line break as one; maxlength would cut a paste without a word. */
    area.removeAttribute("maxlength");
    const say = () => {
      const left = limit - Array.from(area.value).length;
      const [one, other] = left < 0 ? [seen.dataset.oneOver, seen.dataset.over] : [seen.dataset.oneLeft, seen.dataset.left];
      const words = plural.select(Math.abs(left)) === "one" ? one : other;
      seen.textContent = words.replace("{number}", number.format(Math.abs(left)));
      seen.classList.toggle("counter--over", left < 0);
      return left;
    };
    let timer = 0;
    area.addEventListener("input", () => {
      const left = say();
      clearTimeout(timer);
      if (left < limit / 10) timer = setTimeout(() => { region.textContent = seen.textContent; }, 1000);
    });
    say();
  };

  document.querySelectorAll(".password-reveal").forEach(addShowControl);
  document.querySelectorAll("textarea[maxlength], textarea[data-max-length]").forEach(addCounter);
})();
