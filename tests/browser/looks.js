// What is measured of a page beside axe. Each function returns complaints; none of them changes the page for good.
(() => {
  const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const TARGET = 24; // WCAG 2.5.8, in CSS pixels

  const name = (element) => {
    const words = (element.innerText || element.value || element.getAttribute("aria-label") || element.id || "");
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> ${words.trim().slice(0, 60)}`;
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !isAside(element);
  // Text for screen readers alone, and what waits off the screen until it has the focus.
  const isAside = (element) => {
    if (element.closest(".visually-hidden")) return true;
    for (let each = element; each; each = each.parentElement) {
      const box = each.getBoundingClientRect();
      const style = getComputedStyle(each);
      if (style.position === "absolute" || style.position === "fixed") {
        const isSmall = box.width <= 1 && box.height <= 1;
        if (isSmall || box.bottom <= -scrollY || box.right <= 0) return true;
      }
    }
    return false;
  };
  // An open dialog is all that there is: what lies behind it cannot be used.
  const room = () => document.querySelector("dialog:modal") || document.body;
  const shown = (selector) => [...room().querySelectorAll(selector)].filter(isShown);

  // WCAG 2.5.8: what is pressed is 24 px or more, but for links in a sentence; a label is part of its control.
  const isInSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    const block = element.closest("p, li, td, th, dd, dt, label, legend, div, span:not(a span)");
    return block !== null && block.innerText.trim().length > element.innerText.trim().length;
  };
  const together = (boxes) => ({
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    width: Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left)),
    height: Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top)),
  });
  // A smaller one is enough where a circle of 24 px around its middle meets no other target.
  const targets = () => {
    const all = shown("a[href], button, input:not([type=hidden]), select, textarea, summary").map((element) => {
      const parts = [element, ...(element.labels || [])].filter(isShown);
      const box = together(parts.map((part) => part.getBoundingClientRect()));
      return { element, ...box, isSmall: box.width < TARGET || box.height < TARGET };
    });
    const gap = (one, other) => {
      const middle = { x: one.left + one.width / 2, y: one.top + one.height / 2 };
      if (other.isSmall) {
        const reach = Math.hypot(middle.x - other.left - other.width / 2, middle.y - other.top - other.height / 2);
        return reach - TARGET / 2;
      }
      const x = Math.max(other.left - middle.x, 0, middle.x - other.left - other.width);
      const y = Math.max(other.top - middle.y, 0, middle.y - other.top - other.height);
      return Math.hypot(x, y);
    };
    return all
      .filter((each) => each.isSmall && !isInSentence(each.element))
      .filter((each) => all.some((other) => other !== each && gap(each, other) < TARGET / 2))
      .map((each) => `${name(each.element)} is ${Math.round(each.width)} x ${Math.round(each.height)} px`);
  };

  // 1.4.10: nothing scrolls sideways, the page as little as anything on it.
  const reflow = () => {
    const width = document.documentElement.scrollWidth;
    const widest = width > innerWidth ? shown("*").filter((element) => element.getBoundingClientRect().right > innerWidth) : [];
    const wide = width > innerWidth ? [`the page is ${width} px wide: ${widest.slice(0, 4).map(name).join(", ")}`] : [];
    const inner = shown("*").filter((element) => {
      const style = getComputedStyle(element);
      return ["auto", "scroll"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1
        && element.tagName !== "TEXTAREA";
    });
    return [...wide, ...inner.map((element) => `${name(element)} scrolls sideways`)];
  };

  // Text that is cut off, or lies on other text.
  const losses = () => {
    const cut = shown("*").filter((element) => {
      const style = getComputedStyle(element);
      if (["TEXTAREA", "SELECT", "INPUT", "svg"].includes(element.tagName) || element.closest("svg")) return false;
      const hidesX = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
      const hidesY = ["hidden", "clip"].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
      return (hidesX || hidesY) && element.innerText.trim() !== "";
    });
    const walker = document.createTreeWalker(room(), NodeFilter.SHOW_TEXT);
    const lines = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest("select, textarea, script, style, noscript, svg") || !isShown(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        // The line box is taller than its letters: only a deep overlap hides them.
        const inset = box.height / 4;
        lines.push({ parent, node, left: box.left + 1, right: box.right - 1, top: box.top + inset, bottom: box.bottom - inset });
      }
    }
    lines.sort((one, other) => one.top - other.top);
    const covered = [];
    lines.forEach((line, index) => {
      for (let next = index + 1; next < lines.length && lines[next].top < line.bottom; next += 1) {
        const other = lines[next];
        if (other.node !== line.node && other.left < line.right && other.right > line.left) {
          covered.push(`${name(line.parent)} and ${name(other.parent)} lie on each other`);
        }
      }
    });
    return [...cut.map((element) => `${name(element)} is cut off`), ...covered.slice(0, 5)];
  };

  // 1.4.12: the reader's own spacing loses nothing.
  const spacing = () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
      p { margin-block-end: 2em !important; }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const complaints = losses();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    return complaints;
  };

  // 2.4.7 and 2.4.11: what has the focus shows it and lies under nothing. Tab was pressed before.
  const focus = () => {
    const complaints = [];
    for (const element of room().querySelectorAll(FOCUSABLE)) {
      if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({ visibilityProperty: true })) continue;
      element.focus();
      if (document.activeElement !== element) {
        complaints.push(`${name(element)} takes no focus`);
        continue;
      }
      const style = getComputedStyle(element);
      if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) complaints.push(`${name(element)} shows no focus`);
      const box = element.getClientRects()[0];
      const points = [
        [box.left + box.width / 2, box.top + box.height / 2],
        [box.left + 3, box.top + 3],
        [box.right - 3, box.bottom - 3],
      ].filter(([x, y]) => y < innerHeight - 1 && y >= 0);
      const isFree = ([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top !== null && (element.contains(top) || top.contains(element) || [...(element.labels || [])].some((label) => label.contains(top)));
      };
      if (!points.length || !points.every(isFree)) complaints.push(`${name(element)} is hidden while it has the focus`);
    }
    document.activeElement.blur();
    scrollTo(0, 0);
    return complaints;
  };

  // Forced colors take backgrounds away: what looks like a control needs an edge of its own. The items of the
  // ribbon are told by their place; what is chosen already is nothing to press.
  const edges = () =>
    shown("button:not(nav button, [aria-current]), .button, input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")
      .filter((element) => {
        const style = getComputedStyle(element);
        const hasEdge = style.borderBottomStyle !== "none" && parseFloat(style.borderBottomWidth) >= 1;
        return !hasEdge && !style.textDecorationLine.includes("underline");
      })
      .map((element) => `${name(element)} has no edge in forced colors`);

  // 2.3.3: with reduced motion nothing moves.
  const motion = () => {
    const seconds = (list) => Math.max(...list.split(",").map((each) => parseFloat(each) * (each.includes("ms") ? 0.001 : 1)));
    const moving = [...document.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      const fades = seconds(style.transitionDuration) > 0.01 && style.transitionProperty !== "none";
      return fades || (style.animationName !== "none" && seconds(style.animationDuration) > 0.01);
    });
    const smooth = getComputedStyle(document.documentElement).scrollBehavior === "smooth" ? ["the page scrolls smoothly"] : [];
    return [...moving.map((element) => `${name(element)} moves`), ...smooth];
  };

  // The page as it was served, before any script: all that can be pressed does something.
  const served = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const complaints = [];
    const headings = page.querySelectorAll("h1");
    if (headings.length !== 1) complaints.push(`${headings.length} first headings`);
    const isOut = (element) => element.closest("[hidden], noscript, template, dialog:not([open])") !== null;
    for (const button of page.querySelectorAll("button[type=button]")) {
      if (!isOut(button)) complaints.push(`${button.outerHTML.slice(0, 120)} does nothing without script`);
    }
    for (const link of page.querySelectorAll("a:not([href]), a[href='#'], a[href^='javascript:']")) {
      if (!isOut(link)) complaints.push(`${link.outerHTML.slice(0, 120)} leads nowhere without script`);
    }
    for (const form of page.querySelectorAll("form")) {
      if (!form.querySelector("button:not([type=button]), input[type=submit]")) complaints.push("a form without a button to send it");
    }
    return complaints;
  };

  window.looks = { targets, reflow, losses, spacing, focus, edges, motion, served };
})();
